/** A client that lost its connection goes on with its cursor, on whichever node, as if nothing had been. */
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../src/log/cursor.js';
import { ownNodes } from '../../support/nodes.js';
import { groupChat, type Chat, type Following, type Person } from '../../support/people.js';
import { sentSeqs, sentTexts, upTo } from '../../support/sent.js';
import { until } from '../../support/until.js';

const nodes = ownNodes();

/** Ten messages, by turns on each node, all at once. */
const sendTen = async (people: readonly Person[], chat: Chat) => {
  const both = people.flatMap((person) => [person.at(nodes.one), person.at(nodes.other)]);
  const answers = await Promise.all(upTo(10).map((number) => both[number % both.length]!.send(chat, `text ${number}`)));
  for (const answer of answers) expect(answer.__typename).toBe('SendMessageSuccess');
};

/** As a program keeps it: the one of the last event or ChatReady that it was given. */
const lastCursor = (following: Following): string => {
  const cursors = following.events.flatMap((event) => ('cursor' in event ? [event.cursor] : []));
  return cursors.at(-1)!;
};

describe('a client that lost its socket', () => {
  it('resumes with its cursor on the other node: nothing is missing, nothing comes twice', async () => {
    const { ada, boris, chen, chat } = await groupChat(nodes.one);
    const first = await ada.at(nodes.one).follow(chat);
    await first.event('ChatReady');

    const talking = sendTen([boris, chen], chat);
    await first.event('MessageSent');
    first.socket!.socket.terminate();
    await first.ended;
    await talking;
    await sendTen([boris, chen], chat);
    const second = await ada.at(nodes.other).follow(chat, { after: lastCursor(first) });
    await second.event('ChatReady');
    await sendTen([boris, chen], chat);
    await until(() => sentSeqs(first, second).length >= 30, 'all thirty');

    expect(sentSeqs(first, second)).toEqual(upTo(30));
    expect(second.events.filter(({ __typename }) => __typename === 'ChatReady')).toHaveLength(1);
  });

  it('may lose it as often as it likes, while others go on sending', async () => {
    const { ada, boris, chen, chat } = await groupChat(nodes.one);
    const parts = [await ada.follow(chat)];
    await parts[0]!.event('ChatReady');
    let isOver = false;
    const talking = (async () => {
      while (!isOver) await sendTen([boris, chen], chat);
    })();

    for (const round of upTo(8)) {
      const part = parts.at(-1)!;
      await part.event('MessageSent');
      part.socket!.socket.terminate();
      await part.ended;
      const node = round % 2 === 0 ? nodes.one : nodes.other;
      parts.push(await ada.at(node).follow(chat, { after: lastCursor(part) }));
    }
    isOver = true;
    await talking;
    await boris.send(chat, 'the last');
    await until(() => sentTexts(parts.at(-1)!).includes('the last'), 'the last');

    const seqs = sentSeqs(...parts);
    expect(seqs).toEqual(upTo(seqs.length));
    expect(seqs.length).toBeGreaterThan(20);
  });

  it('resumes after both nodes were killed and started again, Redis too', async () => {
    const { ada, boris, chen, chat } = await groupChat(nodes.one);
    const first = await ada.follow(chat);
    await first.event('ChatReady');
    await sendTen([boris, chen], chat);
    await first.event('MessageSent');
    first.socket!.socket.terminate();
    await first.ended;
    await sendTen([boris, chen], chat);

    await Promise.all([nodes.one.kill(), nodes.other.kill(), nodes.redis!.kill()]);
    await nodes.redis!.restart();
    await Promise.all([nodes.one.start(), nodes.other.start()]);
    await sendTen([boris, chen], chat);
    const after = lastCursor(first);
    const [here, there] = await Promise.all([
      ada.at(nodes.one).follow(chat, { after }),
      ada.at(nodes.other).follow(chat, { after, over: 'sse' }),
    ]);
    await Promise.all([here.event('ChatReady'), there.event('ChatReady')]);
    await sendTen([boris, chen], chat);
    await until(() => sentSeqs(first, here).length >= 40 && sentSeqs(first, there).length >= 40, 'all forty');

    expect(sentSeqs(first, here)).toEqual(upTo(40));
    expect(sentSeqs(first, there)).toEqual(upTo(40));
  }, 120_000);
});

describe('a cursor that the log cannot go on from', () => {
  it.each([
    ['of another mark, as after a restore', (seq: number, mark: number) => ({ seq, mark: mark ^ 1 })],
    ['beyond the head', (seq: number, mark: number) => ({ seq: seq + 5, mark })],
  ])(
    '%s gives ResyncRequired, then ChatReady at the head and what happens from now on, on both nodes',
    async (_what, bend) => {
      const { ada, boris, chen, chat } = await groupChat(nodes.one);
      await sendTen([boris, chen], chat);
      const known = await ada.follow(chat);
      const { chatId, seq, mark } = decodeCursor((await known.event('ChatReady')).cursor)!;
      const after = encodeCursor({ chatId, ...bend(seq, mark) });

      for (const node of [nodes.one, nodes.other]) {
        const following = await ada.at(node).follow(chat, { after });
        const { headSeq } = await following.event('ChatReady');
        await boris.send(chat, 'from now on');
        await following.event('MessageSent');

        expect(following.events).toMatchObject([
          { __typename: 'ResyncRequired', chatId: chat.id },
          { __typename: 'ChatReady', headSeq },
          { __typename: 'MessageSent', seq: headSeq + 1, message: { text: 'from now on' } },
        ]);
      }
    },
  );
});
