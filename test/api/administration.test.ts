/** What administrators do to accounts, as those see it who are signed in meanwhile. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ChatEventsDocument,
  MessageSentDocument,
  MessagesReadDocument,
  SetUserActiveDocument,
  SetUserRoleDocument,
  TypingChangedDocument,
  ViewerDocument,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import {
  administrator,
  groupChat,
  groupOf,
  newPerson,
  staffMember,
  transports,
  type Person,
} from '../support/people.js';
import { openEvents } from '../support/sse.js';

const node = ownNode();
let root: Person;
beforeAll(async () => {
  root = await administrator(node);
});

const setRole = async (person: Person, role: 'USER' | 'MANAGER' | 'ADMIN') => {
  const { setUserRole } = await root.ask(SetUserRoleDocument, { userId: person.id, role });
  expect(setUserRole?.__typename).toBe('SetUserRoleSuccess');
};

const setActive = async (person: Person, isActive: boolean) => {
  const { setUserActive } = await root.ask(SetUserActiveDocument, { userId: person.id, isActive });
  expect(setUserActive?.__typename).toBe('SetUserActiveSuccess');
};

describe.each(transports)('over %s', (transport) => {
  it('S3.7 roles and accounts are for administrators', async () => {
    const ada = await newPerson(node, 'ada');
    const asked = async (person: Person) => {
      const { data } = await person.tell(transport, SetUserRoleDocument, { userId: ada.id, role: 'MANAGER' });
      return data?.setUserRole?.__typename;
    };
    const asked2 = async (person: Person) => {
      const { data } = await person.tell(transport, SetUserActiveDocument, { userId: ada.id, isActive: true });
      return data?.setUserActive?.__typename;
    };

    for (const person of [ada, await staffMember(node, 'MANAGER')]) {
      expect([await asked(person), await asked2(person)]).toEqual(['ForbiddenError', 'ForbiddenError']);
    }
    expect([await asked(root), await asked2(root)]).toEqual(['SetUserRoleSuccess', 'SetUserActiveSuccess']);
  });

  it('a deactivated user is nobody any more, and let in again they sign in anew', async () => {
    const ada = await newPerson(node, 'ada');

    await setActive(ada, false);

    if (transport === 'ws') await expect(ada.tell(transport, ViewerDocument)).rejects.toThrow();
    else
      expect((await ada.tell(transport, ViewerDocument)).errors?.[0]?.extensions).toMatchObject({
        code: 'UNAUTHENTICATED',
      });
    await setActive(ada, true);
  });
});

describe('a changed role', () => {
  it('S3.8 ends what an administrator follows without being a member, with CHAT_GONE, over each transport', async () => {
    const { chat } = await groupChat(node);
    const boss = await staffMember(node, 'ADMIN');
    const socket = await boss.connect();
    const overSocket = [ChatEventsDocument, MessageSentDocument, TypingChangedDocument, MessagesReadDocument].map(
      (document) => socket.open(document as typeof ChatEventsDocument, { chatId: chat.id }),
    );
    const events = await openEvents(
      node.endpoint,
      ChatEventsDocument,
      { chatId: chat.id },
      { token: boss.session.accessToken },
    );
    expect((await overSocket[0]!.next()).data?.chatEvents.__typename).toBe('ChatReady');
    expect((await events.next()).data?.chatEvents.__typename).toBe('ChatReady');

    await setRole(boss, 'USER');

    for (const live of [overSocket[0]!, events]) {
      expect((await live.next()).data?.chatEvents).toMatchObject({
        __typename: 'SubscriptionEnded',
        code: 'CHAT_GONE',
      });
      expect(await live.ended).toBe('complete');
    }
    for (const live of overSocket.slice(1)) {
      expect((await live.next()).errors?.[0]?.extensions).toMatchObject({
        code: 'SUBSCRIPTION_ENDED',
        endCode: 'CHAT_GONE',
      });
      expect(await live.ended).toBe('complete');
    }
  });

  it('leaves what one follows as a member, and what one may do follows it over the socket that is open', async () => {
    const boss = await staffMember(node, 'ADMIN');
    const ada = await newPerson(node, 'ada');
    const chat = await groupOf(root, boss, ada);
    const following = await boss.follow(chat);
    await following.event('ChatReady');
    const mayManage = async () => {
      const { data } = await following.socket!.ask<{ chat: { permissions: { canManageMembers: boolean } } }, object>(
        'query ($id: ID!) { chat(id: $id) { permissions { canManageMembers } } }',
        { id: chat.id },
      );
      return data?.chat.permissions.canManageMembers;
    };
    expect(await mayManage()).toBe(true);

    await setRole(boss, 'MANAGER');
    await ada.send(chat, 'Still here?');

    expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'Still here?' } });
    expect(await mayManage()).toBe(false);
  });
});

describe('what a changed role allows', () => {
  it.each(['ws', 'sse'] as const)('is told with the next event over %s', async (over) => {
    const ada = await newPerson(node, 'ada');
    const chat = await groupOf(root, ada);
    const document = `subscription ($chatId: ID!) { chatEvents(chatId: $chatId) {
      ... on ChatReady { chat { permissions { canManageMembers } } } ... on MessageSent { chat { permissions { canManageMembers } } } } }`;
    type Told = { chatEvents: { chat: { permissions: { canManageMembers: boolean } } } };
    const live =
      over === 'ws'
        ? (await ada.connect()).open<Told, object>(document, { chatId: chat.id })
        : await openEvents<Told, object>(
            node.endpoint,
            document,
            { chatId: chat.id },
            { token: ada.session.accessToken },
          );
    const told = async () => (await live.next()).data?.chatEvents.chat.permissions.canManageMembers;
    expect(await told()).toBe(false);

    await setRole(ada, 'ADMIN');
    // On its way to what is open: at the latest within five seconds.
    await expect
      .poll(
        async () => {
          await ada.send(chat, 'Am I?');
          return told();
        },
        { timeout: 5000 },
      )
      .toBe(true);
    await live.stop();
  });
});

describe('a deactivated user', () => {
  it('loses every socket and subscription, with 4401, which clients do not come back from', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const following = await ada.follow(chat);
    const events = await openEvents(
      node.endpoint,
      ChatEventsDocument,
      { chatId: chat.id },
      { token: ada.session.accessToken },
    );
    await following.event('ChatReady');
    await events.next();
    await ada.send(chat, 'This stays');

    await setActive(ada, false);

    expect(await following.socket!.closed).toMatchObject({ code: 4401 });
    expect(await following.event('SubscriptionEnded')).toMatchObject({ code: 'SIGNED_OUT' });
    expect(await events.ended).toBe('cut');
    const { chat: seen } = await boris.ask<
      { chat: { messages: { nodes: unknown[] }; members: { nodes: unknown[] } } },
      object
    >(
      'query ($id: ID!) { chat(id: $id) { messages { nodes { text sender { username } } } members { nodes { id } } } }',
      { id: chat.id },
    );
    expect(seen.messages.nodes).toEqual([{ text: 'This stays', sender: { username: ada.username } }]);
    expect(seen.members.nodes).toHaveLength(3);
  });

  it('while they send has each message in the log or refused, and none once they are nobody', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const socket = await ada.connect();
    const answers = Array.from({ length: 60 }, (_, n) =>
      socket
        .ask<{ sendMessage: { __typename: string } }, object>(
          'mutation ($chatId: ID!, $text: String!) { sendMessage(input: { chatId: $chatId, text: $text }) { __typename } }',
          { chatId: chat.id, text: String(n) },
        )
        .then(({ data }) => data?.sendMessage.__typename)
        .catch(() => 'cut'),
    );

    await setActive(ada, false);
    const sent = (await Promise.all(answers)).filter((answer) => answer === 'SendMessageSuccess').length;
    await socket.closed;

    const { chat: seen } = await boris.ask<{ chat: { headSeq: number } }, object>(
      'query ($id: ID!) { chat(id: $id) { headSeq } }',
      { id: chat.id },
    );
    expect(seen.headSeq).toBeGreaterThanOrEqual(sent);
    const late = await ada.tell('http', 'query { viewer { id } }');
    expect(late.errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
