/** Fills a database with generated people and chats, in bulk: whole chats, some thousand messages per transaction. */
import type { Database, Queryable } from '../db/database.js';
import { usernameKeyOf } from '../domain/keys.js';
import type { ChatHistory } from './chat-history.js';
import { CROWD_AGE_MS, planCrowd, tellChat, type Crowd, type CrowdSize } from './crowd.js';
import { writeHistories, writePeople } from './write-histories.js';

export interface FillOptions extends CrowdSize {
  seed: number;
  /** The same for everyone. */
  passwordHash: string;
  /** Called as messages are stored. */
  onProgress?: (messages: number) => void;
}

export interface Filled {
  /** The first one is an administrator if the database was empty before. */
  usernames: string[];
}

const BATCH_EVENTS = 5000;

/**
 * Adds to what is in the database. An interrupted run leaves whole chats.
 *
 * @returns the people created
 * @throws UnavailableError
 */
export const fillWithCrowd = async (
  db: Database,
  { seed, passwordHash, onProgress, ...size }: FillOptions,
): Promise<Filled> => {
  const now = new Date();
  const crowd = planCrowd(size, seed);
  const { usernames, ids } = await db.transaction((tx) => writeCrowd(tx, crowd, passwordHash, now), { isLong: true });

  let writing: Promise<void> = Promise.resolve();
  const store = async (batch: readonly ChatHistory[], messages: number) => {
    await db.transaction((tx) => writeHistories(tx, batch), { isLong: true });
    onProgress?.(messages);
  };

  let batch: ChatHistory[] = [];
  let [events, messages] = [0, 0];
  for (const chat of crowd.chats) {
    const history = tellChat(chat, ids, now);
    batch.push(history);
    messages += history.messages.length;
    events += history.events.length;
    if (events < BATCH_EVENTS) continue;
    // While one batch is written, the next one is generated.
    await writing;
    writing = store(batch, messages);
    writing.catch(() => {}); // awaited before the next one, or at the end
    [batch, events, messages] = [[], 0, 0];
  }
  await writing;
  await store(batch, messages);
  return { usernames };
};

const writeCrowd = async (tx: Queryable, crowd: Crowd, passwordHash: string, now: Date) => {
  const [row] = await tx.query<{ isEmpty: boolean }>(`SELECT NOT EXISTS (SELECT FROM "user") AS "isEmpty"`);
  const suffix = await freeSuffix(tx, crowd);
  const people = crowd.people.map((person, index) => {
    const username = `${person.username}${suffix}`;
    return {
      ...person,
      username,
      email: `${username}@example.org`,
      role: row!.isEmpty && index === 0 ? ('ADMIN' as const) : ('USER' as const),
      passwordHash,
      createdAt: new Date(now.getTime() - CROWD_AGE_MS),
    };
  });
  return { usernames: people.map(({ username }) => username), ids: await writePeople(tx, people) };
};

const TAKEN = `SELECT count(*)::int AS count FROM "user" WHERE username_key = ANY($1::text[]) OR email_key = ANY($2::text[])`;

/** Nothing, or a suffix that separates this run's people from existing ones with the same names. */
const freeSuffix = async (tx: Queryable, { people }: Crowd): Promise<string> => {
  for (let run = 1; ; run += 1) {
    const suffix = run === 1 ? '' : `_${run}`;
    const keys = people.map(({ username }) => usernameKeyOf(`${username}${suffix}`));
    const [row] = await tx.query<{ count: number }>(TAKEN, [keys, keys.map((key) => `${key}@example.org`)]);
    if (row!.count === 0) return suffix;
  }
};
