/** Fills an empty embedded database with demo people and chats, so that a new user has someone to talk to. */
import { isForThisMachine, type Config } from '../config.js';
import type { Database, Queryable } from '../db/database.js';
import { newInviteCode } from '../domain/chats/invites.js';
import { directKey, orderKey, relationKey, slugKey } from '../domain/chats/new-chat.js';
import type { Passwords } from '../domain/accounts/passwords.js';
import type { FileStore } from '../files/file-store.js';
import type { Role } from '../generated/prisma/enums.js';
import { createChatHistory, type ChatHistory } from './chat-history.js';
import { keptDemoPasswords } from './kept-passwords.js';
import { brands, people, stories, type Name, type Story } from './story.js';
import { attachPoster, storePoster } from './stored-poster.js';
import { writeHistories, writePeople } from './write-histories.js';

export interface DemoPerson {
  username: string;
  /** The display name. */
  name: string;
  role: Role;
  /** Null if it was changed since. */
  password: string | null;
}

export interface SeedDemoOptions {
  config: Pick<Config, 'demo' | 'host' | 'trustProxy' | 'allowedOrigins' | 'databaseUrl' | 'dataDir' | 'passwordLogin'>;
  db: Database;
  /** For the picture. Undefined: no message has one. */
  store?: FileStore;
  passwords: Pick<Passwords, 'hash'>;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Seeds if the settings allow it and no real data is affected: only if the server is reachable from this machine alone, and the embedded
 * database is empty. One transaction, so that after an interruption the next start does it again.
 *
 * @returns the demo people of this folder, seeded now or earlier; undefined if there are none to mention
 * @throws the file system's errors if the passwords cannot be stored; UnavailableError
 */
export const seedDemo = async ({
  config,
  db,
  store,
  passwords,
}: SeedDemoOptions): Promise<DemoPerson[] | undefined> => {
  // Without passwords nobody could sign in as one of them.
  if (!config.passwordLogin) return undefined;
  if (!config.demo || config.databaseUrl !== undefined || db.kind !== 'embedded' || !isForThisMachine(config)) {
    return undefined;
  }
  const kept = keptDemoPasswords(config.dataDir);
  if (await isEmpty(db)) {
    // Stored before they are used: whenever this is interrupted, the passwords are known.
    const credentials =
      kept.read() ??
      (await kept.make(
        people.map(({ username }) => username),
        passwords.hash,
      ));
    const now = new Date();
    const hashOf = (username: string) => credentials.find((one) => one.username === username)?.passwordHash ?? null;
    const hasPoster = store !== undefined && (await storePoster(store));
    await db.transaction((tx) => write(tx, now, hashOf, hasPoster), { isLong: true });
  }
  const credentials = kept.read();
  return credentials && (await presentPeople(db, credentials));
};

const isEmpty = async (db: Queryable): Promise<boolean> => {
  const [row] = await db.query<{ isEmpty: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM "user") AND NOT EXISTS (SELECT FROM chat) AS "isEmpty"`,
  );
  return row!.isEmpty;
};

const write = async (
  tx: Queryable,
  now: Date,
  hashOf: (username: string) => string | null,
  hasPoster: boolean,
): Promise<void> => {
  const rows = people.map((person) => ({
    ...person,
    email: `${person.username}@example.org`,
    passwordHash: hashOf(person.username),
    createdAt: new Date(now.getTime() - 100 * 24 * HOUR_MS),
  }));
  const ids = await writePeople(tx, rows);
  const idOf = (name: Name) => ids[people.findIndex(({ username }) => username === name)]!;
  const histories = stories.map((story) => tell(story, now, idOf));
  const chatIds = await writeHistories(tx, histories);
  await writeTies(tx, chatIds, idOf);
  if (!hasPoster) return;
  for (const [story, { lines }] of stories.entries()) {
    const line = lines.findIndex(([, , after]) => after?.hasPoster);
    if (line !== -1) await attachPoster(tx, chatIds[story]!, histories[story]!.messages[line]!);
  }
};

const BRANDS = `INSERT INTO brand (name, plan, owner_id)
  SELECT name, plan::plan, owner_id FROM unnest($1::text[], $2::text[], $3::bigint[]) AS given(name, plan, owner_id)`;
const CHAT_BRANDS = `INSERT INTO chat_brand (chat_id, brand_id)
  SELECT member.chat_id, brand.id FROM member JOIN brand ON brand.owner_id = member.user_id WHERE member.chat_id = ANY($1::bigint[])`;
const MATCH_KEYS = `INSERT INTO chat_key (key, chat_id)
  SELECT 'match:' || min(brand_id) || ':' || max(brand_id), chat_id FROM chat_brand WHERE chat_id = ANY($1::bigint[]) GROUP BY chat_id`;
const RELATIONS = `INSERT INTO relation (manager_id, client_id, chat_id, created_at)
  SELECT manager_id, client_id, chat.id, chat.created_at
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS given(manager_id, client_id, chat_id) JOIN chat ON chat.id = given.chat_id`;

const MUTED = `UPDATE member SET is_muted = true
  FROM unnest($1::bigint[], $2::bigint[]) AS given(chat_id, user_id) WHERE member.chat_id = given.chat_id AND member.user_id = given.user_id`;
const ARCHIVED = `UPDATE member SET archived_count = message_count - sent_count
  FROM unnest($1::bigint[], $2::bigint[]) AS given(chat_id, user_id) JOIN chat ON chat.id = chat_id
  WHERE member.chat_id = given.chat_id AND member.user_id = given.user_id`;

const INVITES = `INSERT INTO invite (chat_id, code, created_by_id)
  SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])`;

/** The brands, relations and matches that the chats belong to, what people chose for them, and an invite for each group of people that is not open. */
const writeTies = async (tx: Queryable, chatIds: readonly bigint[], idOf: (name: Name) => bigint): Promise<void> => {
  await tx.query(BRANDS, [
    brands.map(({ name }) => name),
    brands.map(({ plan }) => plan),
    brands.map(({ owner }) => idOf(owner)),
  ]);
  const told = stories.map((story, index) => ({ ...story, chatId: chatIds[index]! }));
  const invited = told.filter(({ owner, access }) => owner !== undefined && access !== 'OPEN');
  await tx.query(INVITES, [
    invited.map(({ chatId }) => chatId),
    invited.map(() => newInviteCode()),
    invited.map(({ owner }) => idOf(owner!)),
  ]);
  for (const [sql, which] of [
    [MUTED, 'muted'],
    [ARCHIVED, 'archived'],
  ] as const) {
    const chosen = told.flatMap(({ chatId, [which]: names = [] }) => names.map((name) => ({ chatId, name })));
    await tx.query(sql, [chosen.map(({ chatId }) => chatId), chosen.map(({ name }) => idOf(name))]);
  }
  const matches = told.filter(({ kind }) => kind === 'MATCH').map(({ chatId }) => chatId);
  await tx.query(CHAT_BRANDS, [matches]);
  await tx.query(MATCH_KEYS, [matches]);
  const relations = told.filter(({ kind }) => kind === 'RELATION');
  await tx.query(RELATIONS, [
    relations.map(({ members }) => idOf(members[0]!)),
    relations.map(({ members }) => idOf(members[1]!)),
    relations.map(({ chatId }) => chatId),
  ]);
};

/** Turns a story into the log that it would have left. */
const tell = (story: Story, now: Date, idOf: (name: Name) => bigint): ChatHistory => {
  const times = timesOf(story, now);
  const memberIds = story.members.map(idOf);
  const maker = idOf(story.maker);
  const history = createChatHistory({
    kind: story.kind,
    ...(story.name !== undefined && { name: story.name }),
    ...(story.slug !== undefined && { slug: story.slug }),
    ...(story.orderRef !== undefined && { orderRef: story.orderRef }),
    ...(story.description !== undefined && { description: story.description }),
    ...(story.access !== undefined && { access: story.access }),
    ...(story.owner !== undefined && { ownerId: idOf(story.owner) }),
    hasBusiness:
      story.kind === 'MATCH' && brands.some(({ owner, plan }) => plan === 'BUSINESS' && story.members.includes(owner)),
    keys: keysOf(story, memberIds),
    makerId: maker,
    memberIds,
    at: new Date(times[0]!.getTime() - 5 * MINUTE_MS),
  });

  const joining = Object.entries(story.joining ?? {}) as [Name, number][];
  const seqs: number[] = [];
  for (const [index, [name, text, after]] of story.lines.entries()) {
    const at = times[index]!;
    for (const [newcomer, line] of joining) if (line === index) history.add(maker, idOf(newcomer), at);
    const { repliesBack, mentions = [], reactions = {}, pinnedBy } = after ?? {};
    const seq = history.send(idOf(name), text, at, {
      replyToSeq: repliesBack === undefined ? null : seqs[index - repliesBack]!,
      mentionIds: mentions.map(idOf),
    });
    seqs.push(seq);
    const shortlyAfter = new Date(at.getTime() + MINUTE_MS / 2);
    for (const [emoji, names] of Object.entries(reactions))
      for (const one of names) history.react(idOf(one), seq, emoji, shortlyAfter);
    if (pinnedBy !== undefined) history.pin(idOf(pinnedBy), seq, shortlyAfter);
    if (after?.edited !== undefined) history.edit(seq, after.edited, shortlyAfter);
    if (after?.deleted) history.delete(idOf(name), [seq], shortlyAfter);
  }
  for (const name of [...story.members, ...joining.map(([newcomer]) => newcomer)]) {
    const unread = story.unread?.[name] ?? 0;
    if (unread < seqs.length) history.read(idOf(name), unread === 0 ? undefined : seqs.at(-1 - unread));
  }
  if (story.isClosed) history.close(maker, new Date(times.at(-1)!.getTime() + 10 * MINUTE_MS));
  return history;
};

/** A MATCH has no key here: its key needs the ids of its brands, and is added with them. */
const keysOf = ({ kind, slug, orderRef }: Story, memberIds: readonly bigint[]): string[] => [
  ...(slug === undefined ? [] : [slugKey(slug)]),
  ...(orderRef === undefined ? [] : [orderKey(orderRef)]),
  ...(kind === 'DIRECT' ? [directKey(memberIds[0]!, memberIds[1]!)] : []),
  ...(kind === 'RELATION' ? [relationKey(memberIds[0]!, memberIds[1]!)] : []),
];

/** The time of each line, counted back from the last. */
const timesOf = ({ lines, endedHoursAgo }: Story, now: Date): Date[] => {
  const times: Date[] = [];
  let time = now.getTime() - endedHoursAgo * HOUR_MS;
  for (const [index, [, , after]] of [...lines.entries()].reverse()) {
    // One to three minutes, varied.
    if (index < lines.length - 1)
      time -= after?.hours !== undefined ? after.hours * HOUR_MS : (1 + (index % 5) / 2) * MINUTE_MS;
    times.unshift(new Date(time));
  }
  return times;
};

const PEOPLE = `SELECT username, first_name AS "firstName", last_name AS "lastName", role::text AS role,
  password_hash AS "passwordHash" FROM "user"
  WHERE username_key = ANY($1::text[]) AND deactivated_at IS NULL ORDER BY id`;

interface PresentPerson {
  username: string;
  firstName: string;
  lastName: string;
  role: Role;
  passwordHash: string | null;
}

const presentPeople = async (
  db: Queryable,
  credentials: readonly { username: string; password: string; passwordHash: string }[],
): Promise<DemoPerson[] | undefined> => {
  const rows = await db.query<PresentPerson>(PEOPLE, [credentials.map(({ username }) => username)]);
  const present = rows.map(({ username, firstName, lastName, role, passwordHash }) => {
    const password = credentials.find(
      (one) => one.username === username && one.passwordHash === passwordHash,
    )?.password;
    return { username, name: `${firstName} ${lastName}`.trim(), role, password: password ?? null };
  });
  return present.length === 0 ? undefined : present;
};
