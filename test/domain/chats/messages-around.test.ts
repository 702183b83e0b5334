import { beforeAll, describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import type { MessageAnchor } from '../../../src/domain/chats/messages-around.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, errorOf } from '../../support/chats.js';
import { aChat, aUser, range } from '../../support/log.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

const MESSAGES = [...range(1, 20), ...range(31, 50), 60];

let viewer: Viewer;
let chatId: bigint;
let otherId: bigint;
/** Of the messages alone, by minutes: number 1 is sent at minute 1. */
const minute = (number: number) => new Date(Date.UTC(2026, 0, 1, 0, number));

/** 60 events, of which 1 to 20, 31 to 50 and 60 are messages; number 40 is deleted. */
beforeAll(async () => {
  const db = database.current;
  const user = await aUser(db);
  viewer = { id: user.id, role: user.role, credential: { kind: 'session', sessionId: '' }, expiresAt: null };
  [chatId, otherId] = [await aChat(db, [user]), await aChat(db, [user])];
  for (const id of [chatId, otherId]) {
    await db.query(`UPDATE chat SET head_seq = 60 WHERE id = $1`, [id]);
    await db.query(
      `INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, created_at, changed_seq)
       SELECT $1, seq, seq, $2, 'text', '', timestamptz '2026-01-01T00:00:00Z' + seq * interval '1 minute', seq
       FROM unnest($3::int[]) seq`,
      [id, viewer.id, MESSAGES],
    );
  }
  await db.query(`UPDATE message SET text = NULL, deleted_at = now() WHERE chat_id = $1 AND seq = 40`, [chatId]);
});

const around = (place: MessageAnchor, limit = 4) =>
  chatNode(database.current).then(({ chats }) => chats.messagesAround(viewer, chatId, place, limit));

const pageAround = async (place: MessageAnchor, limit?: number) => {
  const { edges, pageInfo } = await around(place, limit);
  return { seqs: edges.map(({ node }) => node.seq), cursors: edges.map(({ cursor }) => cursor), pageInfo };
};

describe('the page around a place', () => {
  it.each<[what: string, place: () => MessageAnchor, limit: number, seqs: number[], more: string]>([
    ['a message', () => ({ message: { chatId, seq: 10 } }), 4, [8, 9, 10, 11, 12], 'both'],
    ['a message, with an odd limit,', () => ({ message: { chatId, seq: 10 } }), 1, [10, 11], 'both'],
    ['a deleted message', () => ({ message: { chatId, seq: 40 } }), 2, [39, 40, 41], 'both'],
    ['a number', () => ({ seq: 10 }), 4, [8, 9, 10, 11, 12], 'both'],
    ['the first number', () => ({ seq: 1 }), 4, [1, 2, 3, 4, 5], 'next'],
    ['the number of nothing', () => ({ seq: 0 }), 4, [1, 2, 3, 4, 5], 'next'],
    ['a number near the beginning', () => ({ seq: 2 }), 4, [1, 2, 3, 4, 5], 'next'],
    ['the newest number', () => ({ seq: 60 }), 4, [47, 48, 49, 50, 60], 'previous'],
    ['a number beyond the head', () => ({ seq: 2 ** 31 - 1 }), 4, [48, 49, 50, 60], 'previous'],
    ['the number of another event', () => ({ seq: 25 }), 4, [19, 20, 31, 32, 33], 'both'],
    ['a time', () => ({ time: minute(10) }), 4, [8, 9, 10, 11, 12], 'both'],
    ['a time between two messages', () => ({ time: new Date(minute(10).getTime() + 1) }), 4, range(9, 13), 'both'],
    ['a time in a pause', () => ({ time: minute(25) }), 4, [19, 20, 31, 32, 33], 'both'],
    ['the time of the first', () => ({ time: minute(1) }), 2, [1, 2, 3], 'next'],
    ['the time of the newest', () => ({ time: minute(60) }), 2, [49, 50, 60], 'previous'],
    ['a time before all', () => ({ time: new Date('0000-01-01T00:00:00Z') }), 4, [1, 2, 3, 4, 5], 'next'],
    ['a time after all', () => ({ time: new Date('9999-12-31T23:59:59Z') }), 4, [48, 49, 50, 60], 'previous'],
    ['anything, where it holds everything,', () => ({ seq: 31 }), 100, MESSAGES, 'none'],
    ['anything, where it holds just everything,', () => ({ seq: 9 }), 40, MESSAGES, 'none'],
    ['anything, where it holds all but one,', () => ({ seq: 9 }), 39, MESSAGES.slice(0, -1), 'next'],
    ['a message that is none', () => ({ message: { chatId, seq: 25 } }), 4, [], 'none'],
    ['a message beyond the head', () => ({ message: { chatId, seq: 61 } }), 4, [], 'none'],
    ['a message of another chat', () => ({ message: { chatId: otherId, seq: 1 } }), 4, [], 'none'],
    ['an id that did not decode', () => ({ message: null }), 4, [], 'none'],
  ])('%s is what it should be', async (_what, place, limit, seqs, more) => {
    const page = await pageAround(place(), limit);

    expect(page.seqs).toEqual(seqs);
    expect(page.pageInfo).toEqual({
      hasNextPage: more === 'both' || more === 'next',
      hasPreviousPage: more === 'both' || more === 'previous',
      startCursor: page.cursors[0] ?? null,
      endCursor: page.cursors.at(-1) ?? null,
    });
  });

  it('begins with the first message of any minute, where it is asked for', async () => {
    for (const number of range(0, 61)) {
      const { seqs } = await pageAround({ time: minute(number) }, 1);
      const first = MESSAGES.find((seq) => seq >= number) ?? 60;
      expect(seqs.at(first === 60 ? -1 : 0), `minute ${number}`).toBe(first);
    }
  });

  it('is one page for each of several chats, and for a message only in its own', async () => {
    const { chats } = await chatNode(database.current);
    const seqsIn = async (place: MessageAnchor) =>
      (await Promise.all([otherId, chatId].map((id) => chats.messagesAround(viewer, id, place, 2)))).map(({ edges }) =>
        edges.map(({ node }) => `${node.chatId}:${node.seq}`),
      );

    const bySeq = await seqsIn({ seq: 10 });
    expect(bySeq).toEqual([otherId, chatId].map((id) => [9, 10, 11].map((seq) => `${id}:${seq}`)));
    expect(await seqsIn({ time: minute(10) })).toEqual(bySeq);
    expect(await seqsIn({ message: { chatId, seq: 10 } })).toEqual([[], bySeq[1]]);
  });

  it('leads on in both directions with the cursors of messages', async () => {
    const { chats } = await chatNode(database.current);
    const { pageInfo } = await pageAround({ seq: 10 });
    const pageOf = async (args: Parameters<typeof chats.messages>[2]) =>
      (await chats.messages(viewer, chatId, args)).edges.map(({ node }) => node.seq);

    expect(await pageOf({ last: 3, before: pageInfo.startCursor })).toEqual([5, 6, 7]);
    expect(await pageOf({ first: 3, after: pageInfo.endCursor })).toEqual([13, 14, 15]);
  });

  it.each([0, -1, 101, 1.5, Number.NaN])('is refused with a limit of %s', async (limit) => {
    expect(await errorOf(pageAround({ seq: 1 }, limit))).toBeInstanceOf(BadUserInputError);
  });

  it('is refused for a number below zero', async () => {
    expect(await errorOf(pageAround({ seq: -1 }))).toBeInstanceOf(BadUserInputError);
  });
});
