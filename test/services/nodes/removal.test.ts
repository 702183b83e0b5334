/** A removed member gets the removal, its end, and nothing that follows, on whichever node and with Redis away. */
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  LeaveChatDocument,
  MessageSentDocument,
  NotificationReceivedDocument,
  RemoveChatMemberDocument,
} from '../../support/generated/operations.js';
import { ownNodes } from '../../support/nodes.js';
import { directChat, groupChat, type Chat, type Following, type Person } from '../../support/people.js';
import { sentSeqs, sentTexts, upTo } from '../../support/sent.js';
import { until } from '../../support/until.js';

const nodes = ownNodes();

/** For the rest of the test. */
const takeRedisAway = async () => {
  await nodes.redis!.kill();
  onTestFinished(() => nodes.redis!.restart());
};

/** Everything that tells somebody of a chat, at one node; standing. */
const followAll = async (person: Person, chat: Chat) => {
  const socket = await person.connect();
  const everything = await person.follow(chat);
  const messages = socket.open(MessageSentDocument, { chatId: chat.id });
  const notifications = socket.open(NotificationReceivedDocument);
  await everything.event('ChatReady');
  return { everything, messages, notifications };
};

type All = Awaited<ReturnType<typeof followAll>>;

/** What was said over all three, as text. */
const heard = ({ everything, messages, notifications }: All) =>
  JSON.stringify([everything.answers, messages.answers, notifications.answers]);

const notificationTexts = ({ notifications }: All) =>
  notifications.answers.map(({ data }) => data?.notificationReceived.message?.text);

describe.each([
  ['with Redis', true],
  ['with Redis down', false],
  // S0.25 S1.14 S2.19
])('a removed member, %s', (_how, isRedisUp) => {
  it.each(['removed', 'leaving'] as const)(
    'gets nothing after that on either node (%s), while who stays does',
    async (how) => {
      const { root, ada, boris, chen, chat } = await groupChat(nodes.one);
      const [dialog, chensDialog] = [await directChat(ada, boris), await directChat(ada, chen)];
      const places = [nodes.one, nodes.other];
      const boriss = await Promise.all(places.map((node) => followAll(boris.at(node), chat)));
      const chens = await Promise.all(places.map((node) => followAll(chen.at(node), chat)));
      const isEverywhere = (text: string) =>
        until(
          () =>
            chens.every((all) => sentTexts(all.everything).includes(text)) &&
            chens.every(({ messages }) => messages.answers.some(({ data }) => data?.messageSent.message.text === text)),
          `“${text}” at who stays`,
        );
      // Notifications have no ChatReady: they stand once one came.
      const isToldOf = async (alls: All[], talk: Chat, text: string) => {
        await ada.send(talk, text);
        await until(() => alls.every((all) => notificationTexts(all).includes(text)), `a notification of “${text}”`);
      };
      const stand = async (alls: All[], talk: Chat) => {
        while (!alls.every((all) => notificationTexts(all).includes('standing'))) await ada.send(talk, 'standing');
      };
      await Promise.all([stand(boriss, dialog), stand(chens, chensDialog)]);
      await ada.send(chat, 'before');
      await isEverywhere('before');
      if (!isRedisUp) await takeRedisAway();

      const gone =
        how === 'removed'
          ? (await root.at(nodes.one).ask(RemoveChatMemberDocument, { chatId: chat.id, userId: boris.id }))
              .removeChatMember
          : (await boris.at(nodes.one).ask(LeaveChatDocument, { chatId: chat.id })).leaveChat;
      expect(gone?.__typename).toMatch(/Success$/);
      await ada.at(nodes.one).send(chat, 'secret one');
      await ada.at(nodes.other).send(chat, 'secret two');
      await isEverywhere('secret two');
      // Fences: what reaches boris after that in another chat, and who stays by the same kind of subscription.
      await isToldOf(chens, chat, 'secret three');
      await isToldOf(boriss, dialog, 'afterwards');

      for (const all of boriss) {
        const { everything, messages, notifications } = all;
        expect(await everything.ended).toBe('complete');
        expect(await messages.ended).toBe('complete');
        expect(everything.events.slice(-3)).toMatchObject([
          { __typename: 'MessageSent', seq: 1, message: { text: 'before' } },
          { __typename: 'MemberRemoved', seq: 2, user: { username: boris.username }, left: how === 'leaving' },
          { __typename: 'SubscriptionEnded', code: 'REMOVED' },
        ]);
        expect(messages.answers).toMatchObject([
          { data: { messageSent: { seq: 1 } } },
          { errors: [{ extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'REMOVED' } }] },
        ]);
        const ofTheChat = notifications.answers.flatMap(({ data }) => data?.notificationReceived ?? []);
        // Nobody is notified of what they did themselves.
        expect(ofTheChat.filter(({ kind }) => kind === 'CHAT_REMOVED')).toHaveLength(how === 'removed' ? 1 : 0);
        expect(heard(all)).not.toContain('secret');
      }
    },
  );

  it('is given all that came before it, to the number, when others send all the while', async () => {
    const { root, ada, boris, chen, chat } = await groupChat(nodes.one);
    const places = [nodes.one, nodes.other];
    const boriss = await Promise.all(places.map((node) => boris.at(node).follow(chat)));
    const chens = await Promise.all(places.map((node) => chen.at(node).follow(chat)));
    await Promise.all([...boriss, ...chens].map((following) => following.event('ChatReady')));
    if (!isRedisUp) await takeRedisAway();
    let isOver = false;
    const talk = async (person: Person) => {
      while (!isOver) await person.send(chat, `from ${person.username}`);
    };
    const talking = Promise.all(places.flatMap((node) => [talk(ada.at(node)), talk(chen.at(node))]));

    const isUnderWay = () => boriss.every((following) => sentSeqs(following).length > 10);
    await until(isUnderWay, 'messages at both nodes');
    await root.at(nodes.other).ask(RemoveChatMemberDocument, { chatId: chat.id, userId: boris.id });
    await ada.send(chat, 'well after');
    await until(() => chens.every((following) => sentTexts(following).includes('well after')), '“well after”');
    isOver = true;
    await talking;

    const removals = boriss.map((following) => following.events.at(-2));
    expect(removals[0]).toMatchObject({ __typename: 'MemberRemoved', user: { username: boris.username } });
    expect(removals[1]).toEqual(removals[0]);
    const removedAt = (removals[0] as { seq: number }).seq;
    for (const following of boriss) {
      expect(await following.ended).toBe('complete');
      expect(following.events.at(-1)).toMatchObject({ __typename: 'SubscriptionEnded', code: 'REMOVED' });
      expect(seqs(following)).toEqual(upTo(removedAt));
    }
    for (const following of chens) expect(seqs(following)).toEqual(upTo(seqs(following).length));
    expect(seqs(chens[0]!).length).toBeGreaterThan(removedAt);
  });
});

const seqs = (following: Following) => following.events.flatMap((event) => ('seq' in event ? [event.seq] : []));

it('S2.13 S2.19 finds no chat to come back to, with or without its cursor, on either node', async () => {
  const { root, boris, chat } = await groupChat(nodes.one);
  const known = await boris.follow(chat);
  const { cursor: after } = await known.event('ChatReady');

  await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: boris.id });

  for (const node of [nodes.one, nodes.other]) {
    for (const options of [{}, { after }]) {
      const following = await boris.at(node).follow(chat, options);
      expect(await following.ended).toBe('complete');
      expect(following.events).toMatchObject([{ __typename: 'SubscriptionEnded', code: 'CHAT_GONE' }]);
    }
  }
});
