/** What people would see in a database, without what differs from one making to the next: ids, marks, the time of day. */
import type { Queryable } from '../../src/db/database.js';

const PEOPLE = `SELECT username, first_name AS first, last_name AS last, email, role::text AS role FROM "user" ORDER BY id`;

const EVENTS = `SELECT row_number() OVER (ORDER BY event.chat_id, seq) AS n, kind::text AS kind, name, seq, type::text AS type,
  actor.username AS actor, person.username AS "user", message_seqs AS "messageSeqs",
  extract(epoch FROM event.created_at - first_value(event.created_at) OVER (PARTITION BY event.chat_id ORDER BY seq))::text AS since
  FROM event JOIN chat ON chat.id = event.chat_id JOIN "user" actor ON actor.id = actor_id LEFT JOIN "user" person ON person.id = event.user_id
  ORDER BY n`;

const MESSAGES = `SELECT seq, ordinal, username, text, encode(text_hash, 'hex') AS hash, changed_seq AS "changedSeq"
  FROM message JOIN "user" ON "user".id = sender_id ORDER BY chat_id, seq`;

const MEMBERS = `SELECT username, last_read_seq AS "lastRead", read_count AS read, sent_count AS sent, read_sent_count AS "readSent"
  FROM member JOIN "user" ON "user".id = user_id ORDER BY chat_id, user_id`;

interface Content {
  people: unknown[];
  events: unknown[];
  messages: unknown[];
  members: unknown[];
}

/** Fit for JSON. */
export const contentOf = async (db: Queryable): Promise<Content> => {
  const events = await db.query<{ n: bigint }>(EVENTS);
  return {
    people: await db.query(PEOPLE),
    events: events.map((event) => ({ ...event, n: Number(event.n) })),
    messages: await db.query(MESSAGES),
    members: await db.query(MEMBERS),
  };
};
