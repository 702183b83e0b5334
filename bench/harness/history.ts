/** Chats with a history, of ten members each, written by SQL: as many messages as one asks for. */
import type pg from 'pg';
import { TEXT, type Chat, type Parley, type Person } from './parley.js';

export interface Histories {
  /** In all chats. The first has half of the messages, the others share the rest; the newest 20 of each are unread by `viewer`. */
  grow(messages: number): Promise<void>;
  viewer: Person;
  chats: Chat[];
}

export const UNREAD = 20;

export const createHistories = async (parley: Parley, chatCount: number): Promise<Histories> => {
  const people = await parley.addPeople(40);
  const viewer = people[0]!;
  const chats: Chat[] = [];
  for (let n = 0; n < chatCount; n += 1) {
    // Nine others for each, so that people meet in several chats.
    const others = Array.from({ length: 9 }, (_none, index) => people[1 + ((n * 4 + index) % 39)]!);
    chats.push(await parley.addChat([viewer, ...others]));
  }
  const { pool } = parley;
  await pool.query(`UPDATE chat SET activity_at = now() - id * interval '1 minute'`);
  return {
    viewer,
    chats,
    grow: async (messages) => {
      for (const [index, { key }] of chats.entries()) {
        const share = index === 0 ? messages / 2 : messages / 2 / (chatCount - 1);
        await grow(pool, key, Math.floor(share));
      }
      await pool.query('VACUUM ANALYZE');
    },
  };
};

// The viewer, whose number is the smallest, sends nothing.
const SENDERS = `
CREATE TEMP TABLE senders AS SELECT user_id, row_number() OVER (ORDER BY user_id) - 2 AS number FROM member WHERE chat_id = $1::bigint`;
const MESSAGES = `
INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, created_at, changed_seq)
SELECT $1::bigint, seq, seq, user_id, $4::text, sha256($4::bytea), now() - interval '30 days' + seq * interval '1 second', seq
FROM generate_series($2::int, $3::int) AS seq JOIN senders ON number = seq % 9`;
const EVENTS = `
INSERT INTO event (chat_id, seq, mark, type, created_at, actor_id, message_seqs)
SELECT chat_id, seq, seq, 'MESSAGE_SENT', created_at, sender_id, ARRAY[seq] FROM message WHERE chat_id = $1::bigint AND seq BETWEEN $2::int AND $3::int`;
const HEAD = `UPDATE chat SET head_seq = $2::int, head_mark = $2, message_count = $2 WHERE id = $1::bigint`;
const READ = `UPDATE member SET last_read_seq = $2::int, read_count = $2 WHERE chat_id = $1::bigint`;
const SENT = `
UPDATE member SET sent_count = sent, read_sent_count = read
FROM (SELECT sender_id, count(*) AS sent, count(*) FILTER (WHERE seq <= $2::int) AS read FROM message WHERE chat_id = $1::bigint GROUP BY sender_id) AS own
WHERE chat_id = $1 AND user_id = sender_id`;

const grow = async (pool: pg.Pool, chatKey: string, messages: number) => {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ head: number }>('SELECT head_seq AS head FROM chat WHERE id = $1', [chatKey]);
    const from = rows[0]!.head + 1;
    await client.query(SENDERS.replace('$1', chatKey));
    await client.query(MESSAGES, [chatKey, from, messages, TEXT]);
    await client.query('DROP TABLE senders');
    await client.query(EVENTS, [chatKey, from, messages]);
    await client.query(HEAD, [chatKey, messages]);
    const readSeq = Math.max(0, messages - UNREAD);
    await client.query(READ, [chatKey, readSeq]);
    await client.query(SENT, [chatKey, readSeq]);
  } finally {
    client.release();
  }
};
