/** The rules of chats on a database of a test file's own, without the server around them. */
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import type { Database, Queryable } from '../../src/db/database.js';
import type { Viewer } from '../../src/domain/viewer.js';
import type { Role } from '../../src/generated/prisma/enums.js';
import { chatTopic, userTopic, type Ring } from '../../src/log/doorbell.js';
import type { ChatRow, LogEvent } from '../../src/log/event.js';
import { MOMENT, type Moment } from '../../src/log/since.js';
import { readPage } from '../../src/log/read.js';
import { domainNode, type DomainNode, type DomainNodeOptions } from './domain.js';

/** What one node knows of chats; gone when the test is. */
export const chatNode = async (db: Database, options?: DomainNodeOptions) => withChats(await domainNode(db, options));

/** With what tests do in chats. */
export const withChats = (node: DomainNode) => {
  const { db, bus, chats, messages, places } = node;
  return {
    ...node,

    /** As who follows the chat; until the test ends. */
    join: async (viewer: Viewer, chat: { id: bigint }) => {
      const wanted = { userId: viewer.id, chatId: chat.id, carrierId: randomUUID(), isForPresence: true };
      const place = await places.take(wanted, () => undefined);
      onTestFinished(() => place.release());
      await place.announce();
      return place;
    },
    /** Sends, and gives the message's number. */
    say: async (viewer: Viewer, chat: { id: bigint }, text = 'Hello') =>
      (await messages.send(viewer, { chatId: chat.id, text })).message.seq,
    /** A group of these people, made by an administrator who is not in it. */
    group: async (...people: Viewer[]) => {
      const admin = await newPerson(db, 'ADMIN');
      const memberIds = people.map((person) => person.id);
      return { admin, chat: await chats.create(admin, { name: 'Group', memberIds }) };
    },
    /** Everything told on the bus about a chat from now on. */
    hear: async (chat: { id: bigint }) => {
      const rings: Ring[] = [];
      onTestFinished(await bus.subscribe(chatTopic(chat.id), (ring) => void rings.push(ring)));
      return rings;
    },
    /** The chats that a user was told to look at, from now on. */
    hearAs: async (viewer: Viewer) => {
      const chatIds: string[] = [];
      onTestFinished(await bus.subscribe(userTopic(viewer.id), (ring) => void chatIds.push(...ring.chatIds)));
      return chatIds;
    },
  };
};

export type ChatNode = Awaited<ReturnType<typeof chatNode>>;

/** As `db`, telling how many statements were run, in transactions too; BEGIN and COMMIT are not counted. */
export const counting = (db: Database): { db: Database; count: () => number } => {
  let statements = 0;
  const counted = (inner: Queryable): Queryable => ({
    query: (sql, params) => {
      statements += 1;
      return inner.query(sql, params);
    },
  });
  return {
    db: { ...db, ...counted(db), transaction: (work) => db.transaction((tx) => work(counted(tx))) },
    count: () => statements,
  };
};

/** What was thrown; fails where nothing was. */
export const errorOf = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('Nothing was thrown');
    },
    (error: unknown) => error,
  );

/** What was committed after it is since. */
export const momentOf = async (db: Database): Promise<Moment> => (await db.query<Moment>(`SELECT ${MOMENT}`))[0]!;

let people = 0;

/** Somebody nobody else knows yet, signed in. */
export const newPerson = async (db: Database, role: Role = 'USER'): Promise<Viewer> => {
  const name = `${role.toLowerCase()}${(people += 1)}`;
  const [user] = await db.query<{ id: bigint }>(
    `INSERT INTO "user" (username, username_key, email, email_key, role) VALUES ($1, $1, $2, $2, $3::role) RETURNING id`,
    [name, `${name}@example.org`, role],
  );
  return { id: user!.id, role, credential: { kind: 'session', sessionId: '' }, expiresAt: null };
};

/** Somebody who is there, signed in. */
export const viewerNamed = async (db: Database, username: string): Promise<Viewer> => {
  const [user] = await db.query<Pick<Viewer, 'id' | 'role'>>(`SELECT id, role FROM "user" WHERE username = $1`, [
    username,
  ]);
  return { ...user!, credential: { kind: 'session', sessionId: '' }, expiresAt: null };
};

export const deactivate = async (db: Database, viewer: Viewer): Promise<void> => {
  await db.query('UPDATE "user" SET deactivated_at = now() WHERE id = $1', [viewer.id]);
};

/** The whole log, and a proof that its numbers have no gaps and end at the head. */
export const logOf = async (db: Database, chat: { id: bigint }): Promise<LogEvent[]> => {
  const events: LogEvent[] = [];
  for (;;) {
    const page = (await readPage(db, chat.id, events.length, 500))!;
    events.push(...page.events);
    if (page.events.some((event, index) => event.seq !== events.length - page.events.length + index + 1)) {
      throw new Error(`gap in ${page.events.map((event) => event.seq).join()}`);
    }
    if (events.length === page.chat.headSeq) return events;
    if (page.events.length === 0) throw new Error(`the head is ${page.chat.headSeq}, the log ends at ${events.length}`);
  }
};

export const typesOf = (events: LogEvent[]): string[] => events.map((event) => event.type);

export const headOf = async (db: Database, chat: { id: bigint }): Promise<ChatRow['headSeq']> =>
  (await db.query<{ head: number }>('SELECT head_seq AS head FROM chat WHERE id = $1', [chat.id]))[0]!.head;
