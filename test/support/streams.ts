/** What tests of live streams do: write to logs without the rules around them, and take what is told. */
import { expect } from 'vitest';
import type { Queryable } from '../../src/db/database.js';
import type { StreamItem } from '../../src/domain/streams/stream-item.js';
import type { Viewer } from '../../src/domain/viewer.js';
import type { ChatPosition } from '../../src/log/cursor.js';
import type { UserFacts } from '../../src/log/event.js';
import type { Log } from '../../src/log/log.js';
import { seqOf } from './log.js';

/** A stream as tests take it: one item after the other. */
export type Items = AsyncIterableIterator<StreamItem, undefined>;

interface LogOfNode {
  log: Log;
}

export const viewerOf = (user: UserFacts): Viewer => ({
  id: user.id,
  role: user.role,
  credential: { kind: 'session', sessionId: 'a session' },
  expiresAt: new Date(Date.now() + 60_000),
});

export const send = async ({ log }: LogOfNode, chatId: bigint, senderId: bigint, text = 'text') =>
  seqOf(
    await log.send({ chatId, senderId, text, clientMessageId: null, words: '', isWithinLimit: true, isPresent: false }),
  );

export const add = ({ log }: LogOfNode, chatId: bigint, actor: UserFacts, user: UserFacts) =>
  log.change(chatId, async (tx) => {
    const seq = await tx.append({ type: 'MEMBER_ADDED', actor, user });
    await tx.query(
      'INSERT INTO member (chat_id, user_id, joined_seq, last_read_seq, read_count) VALUES ($1, $2, $3, $3, $4)',
      [chatId, user.id, seq, tx.chat.messageCount],
    );
    return seq;
  });

export const remove = ({ log }: LogOfNode, chatId: bigint, actor: UserFacts, user: UserFacts) =>
  log.change(chatId, async (tx) => {
    await tx.query('DELETE FROM member WHERE chat_id = $1 AND user_id = $2', [chatId, user.id]);
    return tx.append({ type: 'MEMBER_REMOVED', actor, user });
  });

export const positionIn = async (db: Queryable, chatId: bigint, seq: number): Promise<ChatPosition> => {
  const [row] = await db.query<ChatPosition>(
    'SELECT chat_id AS "chatId", seq, mark FROM event WHERE chat_id = $1 AND seq = $2',
    [chatId, seq],
  );
  expect(row).toBeDefined();
  return row!;
};

/** Takes so many items, fewer where the stream is over. */
export const take = async (stream: Items, count: number): Promise<StreamItem[]> => {
  const items: StreamItem[] = [];
  while (items.length < count) {
    const result = await stream.next();
    if (result.done === true) break;
    items.push(result.value);
  }
  return items;
};

/** Takes items as fast as they come. */
export const readAll = (stream: Items) => {
  const items: StreamItem[] = [];
  const done = (async () => {
    for await (const item of stream) items.push(item);
  })();
  return { items, done };
};
