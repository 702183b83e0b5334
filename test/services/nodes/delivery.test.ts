/** What is sent on either of two nodes reaches whoever follows on either, whatever becomes of Redis meanwhile. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { SendMessageDocument, SetTypingDocument } from '../../support/generated/operations.js';
import { ownNodes, type Nodes } from '../../support/nodes.js';
import {
  administrator,
  groupChat,
  groupOf,
  newPerson,
  type Chat,
  type Following,
  type Person,
} from '../../support/people.js';
import { sentSeqs, sentTexts, upTo } from '../../support/sent.js';
import { until } from '../../support/until.js';

/** Sends without a pause, by turns on each node, until told to stop. */
const talk = async (nodes: Nodes, person: Person, chat: Chat, isOver: () => boolean) => {
  const sockets = [await person.at(nodes.one).connect(), await person.at(nodes.other).connect()] as const;
  const sent: string[] = [];
  while (!isOver()) {
    const text = `${person.username} ${sent.length}`;
    const input = { chatId: chat.id, text };
    const { data } = await sockets[sent.length % 2 === 0 ? 0 : 1].ask(SendMessageDocument, { input });
    expect(data?.sendMessage?.__typename).toBe('SendMessageSuccess');
    sent.push(text);
  }
  return sent;
};

describe('two nodes with a Redis', () => {
  const nodes = ownNodes();

  it('S2.4 typing that was said on one ends on both with the message that was sent on the other', async () => {
    const { ada, boris, chat } = await groupChat(nodes.one);
    const atBoth = await Promise.all([nodes.one, nodes.other].map((node) => boris.at(node).follow(chat)));
    for (const following of atBoth) await following.event('ChatReady');

    await ada.at(nodes.one).ask(SetTypingDocument, { chatId: chat.id, isTyping: true });
    for (const following of atBoth) expect(await following.event('TypingChanged')).toMatchObject({ isTyping: true });
    const { expiresAt } = atBoth[0]!.events.at(-1) as { expiresAt: string };
    await ada.at(nodes.other).send(chat, 'sent');

    for (const following of atBoth) {
      await following.event('MessageSent');
      expect(await following.event('TypingChanged')).toMatchObject({ isTyping: false });
    }
    expect(Date.now()).toBeLessThan(new Date(expiresAt).getTime());
  });

  it('S3.33 S4.6 give a subscription all that five senders sent on both, in order and once, while Redis is killed and restarted', async () => {
    const root = await administrator(nodes.one);
    const reader = await newPerson(nodes.one, 'reader');
    const senders = await Promise.all(upTo(5).map(() => newPerson(nodes.one, 'sender')));
    const chat = await groupOf(root, reader, ...senders);
    const here = await reader.follow(chat);
    const there = await senders[0]!.at(nodes.other).follow(chat, { over: 'sse' });
    await Promise.all([here.event('ChatReady'), there.event('ChatReady')]);
    const count = () => sentSeqs(here).length;
    const timesThere = (node: { log: { msg: string }[] }) =>
      node.log.filter(({ msg }) => msg === 'Redis connected').length;

    let isOver = false;
    const talking = Promise.all(senders.map((person) => talk(nodes, person, chat, () => isOver)));
    for (const round of [1, 2, 3]) {
      await until(() => count() >= round * 250, `message ${round * 250}`);
      await nodes.redis!.kill();
      const before = [count(), sentSeqs(there).length];
      // Whichever node they were sent on, they come: from the other by its look-up once a second.
      await until(
        () => count() > before[0]! + 100 && sentSeqs(there).length > before[1]! + 100,
        'messages without Redis',
      );
      await nodes.redis!.restart();
      await until(
        () => [nodes.one, nodes.other].every((node) => timesThere(node) > round),
        `both nodes to find Redis again, for the ${round}. time`,
      );
    }
    await until(() => count() >= 1000, 'message 1000');
    isOver = true;
    const sent = await talking;

    const total = sent.flat().length;
    await until(() => count() >= total && sentSeqs(there).length >= total, `all ${total}`);
    for (const following of [here, there]) {
      expect(sentSeqs(following)).toEqual(upTo(total));
      for (const own of sent) expect(sentTexts(following).filter((text) => own.includes(text!))).toEqual(own);
    }
    // A fence: nothing comes twice after it.
    await reader.send(chat, 'the last');
    await until(() => sentTexts(here).includes('the last') && sentTexts(there).includes('the last'), 'the fence');
    expect(sentSeqs(here)).toEqual(upTo(total + 1));
    expect(sentSeqs(there)).toEqual(upTo(total + 1));
  }, 120_000);

  it('stop in time while Redis is away, whatever waits for it', async () => {
    const root = await administrator(nodes.one);
    const ada = await newPerson(nodes.one, 'ada');
    const chat = await groupOf(root, ada);
    await nodes.redis!.kill();
    onTestFinished(async () => {
      await nodes.redis!.restart();
      await nodes.other.start();
    });
    const following = await ada.at(nodes.other).follow(chat);
    await following.event('ChatReady');
    const begun = performance.now();

    await nodes.other.stop();

    // A second to drain, and one for what was published to go out.
    expect(performance.now() - begun).toBeLessThan(4000);
    expect(nodes.other.log.at(-1)).toMatchObject({ msg: 'Stopped' });
    expect((await following.socket!.closed).code).toBe(1001);
  });
});

describe('two nodes without a Redis', () => {
  const nodes = ownNodes({ redis: false });

  it('lose nothing, each message a second late at most', async () => {
    const root = await administrator(nodes.one);
    const [ada, boris] = [await newPerson(nodes.one, 'ada'), await newPerson(nodes.other, 'boris')];
    const chat = await groupOf(root, ada, boris);
    const [atOne, atOther] = [await ada.follow(chat), await boris.follow(chat)];
    await Promise.all([atOne.event('ChatReady'), atOther.event('ChatReady')]);
    const delays: number[] = [];
    const crossing = async (sender: Person, following: Following, text: string) => {
      await sender.send(chat, text);
      const begun = performance.now();
      await until(() => sentTexts(following).includes(text), text);
      delays.push(performance.now() - begun);
    };

    for (const number of upTo(3)) {
      await Promise.all([
        crossing(ada, atOther, `from one, ${number}`),
        crossing(boris, atOne, `from the other, ${number}`),
      ]);
    }

    await until(() => sentSeqs(atOne).length >= 6 && sentSeqs(atOther).length >= 6, 'all six');
    expect(sentSeqs(atOne)).toEqual(upTo(6));
    expect(sentSeqs(atOther)).toEqual(upTo(6));
    // A look each second, and what a busy machine adds.
    expect(Math.max(...delays)).toBeLessThan(4000);
    expect(delays.sort((one, other) => one - other)[2]).toBeLessThan(2000);
  });
});
