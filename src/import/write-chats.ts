/**
 * Writes chats with their logs: each chat in one transaction, small ones together. New messages of an existing chat are appended at
 * the head of its log, under the chat's lock, like any other event; nodes that are running find them in their rounds.
 */
import { runOver, takeIds } from '../db/bulk.js';
import type { Queryable } from '../db/database.js';
import { cleanDescription, trimmedName } from '../domain/chat-names.js';
import { chatNameKeyOf } from '../domain/keys.js';
import type { Plan } from '../generated/prisma/enums.js';
import { newMarks } from '../log/mark.js';
import type { Chat, Collection, Membership } from './collection.js';
import { keepImported, type ImportedRow } from './imported.js';
import { planLog, type LogPlan } from './plan-log.js';
import { isOver, keysOf, sourceOfMember } from './resolve-chats.js';
import { writeLogs } from './write-logs.js';
import { writeMembers } from './write-members.js';
import type { Present, Work, WriteChatsOptions, Writing } from './writing.js';

/** Some thousand messages per transaction, unless a single chat has more. */
const MAX_BUNDLE = 5000;

export const writeChats = async (options: WriteChatsOptions): Promise<void> => {
  const { db } = options;
  let bundle: Work[] = [];
  let size = 0;
  const flush = async () => {
    const works = bundle;
    if (works.length > 0) await db.transaction((tx) => writeBundle(tx, works, options), { isLong: true });
    [bundle, size] = [[], 0];
  };
  for (const work of worksOf(options)) {
    bundle.push(work);
    size += 1 + work.rows.length + work.chat.members.length;
    if (size >= MAX_BUNDLE) await flush();
  }
  await flush();
};

/** The chats in which there is anything to write. */
const worksOf = function* ({ collection, isDone }: WriteChatsOptions): Iterable<Work> {
  const { chats, messages } = collection;
  const { chat: chatOf } = messages.columns;
  const ends = new Uint32Array(chats.length);
  for (let row = 0; row < messages.count; row += 1) if (isDone[row] === 0) ends[chatOf[row]!]! += 1;
  for (let index = 1; index < ends.length; index += 1) ends[index]! += ends[index - 1]!;
  const rows = new Uint32Array(ends.at(-1) ?? 0);
  const starts = ends.slice();
  for (let row = messages.count - 1; row >= 0; row -= 1) {
    if (isDone[row] === 0) rows[(starts[chatOf[row]!]! -= 1)] = row;
  }
  for (const [index, chat] of chats.entries()) {
    const own = rows.subarray(starts[index], ends[index]);
    const hasMembers = chat.members.some((member) => !member.isDone || typeof member.as.lastReadMessage === 'string');
    if (chat.id === null || !chat.isDone || own.length > 0 || hasMembers) yield { chat, rows: own };
  }
};

interface BrandFacts {
  id: bigint;
  ownerId: bigint;
  plan: Plan;
}

const LOCK = `SELECT id FROM chat WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE`;
// A separate statement: its snapshot is from after the wait for the locks.
const PRESENT = `SELECT chat.id, kind::text AS kind, head_seq AS "headSeq", message_count AS "messageCount", event.created_at AS "lastAt"
  FROM chat JOIN event ON event.chat_id = chat.id AND event.seq = head_seq WHERE chat.id = ANY($1::bigint[])`;
const PRESENT_MEMBERS = `SELECT chat_id AS "chatId", user_id AS "userId" FROM member WHERE chat_id = ANY($1::bigint[])`;
/** As opening a dialog does: a block of one by the other waits, and then finds the dialog. Before any chat is locked, as blocking does. */
const HOLD_PAIRS = `SELECT FROM "user" WHERE id = ANY($1::bigint[]) ORDER BY id FOR SHARE`;
/** Held until the chat is created, so that a concurrent plan change finds it. */
const LOCK_BRANDS = `SELECT id, owner_id AS "ownerId", plan::text AS plan FROM brand WHERE id = ANY($1::bigint[]) ORDER BY id FOR SHARE`;

const CHATS = `
INSERT INTO chat (id, kind, name, name_key, slug, order_ref, description, access, created_at, activity_at, closed_at, head_seq, head_mark,
  message_count, has_business)
SELECT id, kind::chat_kind, name, name_key, slug, order_ref, description, access::chat_access, created_at, activity_at, closed_at, head_seq,
  head_mark, message_count, has_business
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::timestamptz[],
  $10::timestamptz[], $11::timestamptz[], $12::int[], $13::int[], $14::int[], $15::boolean[])
  AS given(id, kind, name, name_key, slug, order_ref, description, access, created_at, activity_at, closed_at, head_seq, head_mark, message_count, has_business)`;
const MARK_BLOCKED = `UPDATE chat SET is_blocked = true FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS given(id, one, other)
  WHERE chat.id = given.id AND EXISTS (SELECT FROM block WHERE (user_id, blocked_id) IN ((given.one, given.other), (given.other, given.one)))`;
const KEYS = `INSERT INTO chat_key (key, chat_id) SELECT key, chat_id FROM unnest($1::text[], $2::bigint[]) AS given(key, chat_id) ORDER BY key`;
const CHAT_BRANDS = `INSERT INTO chat_brand (chat_id, brand_id) SELECT * FROM unnest($1::bigint[], $2::bigint[])`;
const RELATIONS = `INSERT INTO relation (id, manager_id, client_id, chat_id, created_at)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])`;

const MOVED = `UPDATE chat SET head_seq = given.head_seq, head_mark = given.head_mark, message_count = chat.message_count + given.messages,
  activity_at = greatest(chat.activity_at, given.activity_at)
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::timestamptz[]) AS given(id, head_seq, head_mark, messages, activity_at)
WHERE chat.id = given.id`;

const writeBundle = async (tx: Queryable, works: readonly Work[], options: WriteChatsOptions): Promise<void> => {
  const writings = await prepare(tx, works, options.collection);
  const made = writings.filter(({ present }) => present === null);
  const grown = writings.filter(({ present, marks }) => present !== null && marks.length > 0);

  await writeMade(tx, made, options.collection);
  await writeLogs(tx, writings, options);
  await runOver(tx, MOVED, grown, ({ id, headSeq, marks, plan, since }) => {
    const sentAt = lastSent(plan, options.collection);
    // Null leaves it unchanged.
    const activityAt = sentAt === undefined ? null : new Date(Math.max(sentAt.getTime(), since.getTime()));
    return [id, headSeq, marks.at(-1), plan.rows.length, activityAt];
  });
  await writeMembers(tx, writings, options);
  await keep(tx, writings, options.collection);
};

/** Locks existing chats, and the brands of new ones, and plans how the log of each continues. */
const prepare = async (tx: Queryable, works: readonly Work[], collection: Collection): Promise<Writing[]> => {
  const idOf = (place: number) => collection.people[place]!.id!;
  await holdPairs(tx, works, idOf);
  const present = await lockPresent(tx, works);
  const brands = await lockBrands(tx, works, collection);
  const ids = await takeIds(tx, 'chat', works.filter(({ chat }) => chat.id === null).length);

  return works.map((work): Writing => {
    const { chat, rows } = work;
    const there = chat.id === null ? null : present.get(chat.id)!;
    const joining = there === null ? [] : joiningIn(chat, there, idOf);
    const since = there?.lastAt ?? beginningOf(work, collection);
    const head = there === null ? 0 : there.headSeq + joining.length;
    const plan = planLog(collection.messages.columns, rows, head, since.getTime());
    const own = (chat.brands ?? []).map((place) => brands.get(collection.brands[place]!.id!)!);
    const memberIds = [
      ...new Set([
        ...(chat.pair ?? []).filter((place) => place >= 0).map(idOf),
        ...own.map(({ ownerId }) => ownerId),
        ...chat.members.map(({ person }) => idOf(person)),
      ]),
    ];
    return {
      work,
      id: chat.id ?? ids.shift()!,
      present: there,
      plan,
      // Including row 0.
      marks: newMarks((there === null ? 1 : joining.length) + plan.count),
      joining,
      since,
      headSeq: head + plan.count,
      makerId: chat.createdBy === null ? memberIds[0]! : idOf(chat.createdBy),
      memberIds,
      closedAt: closingOf(work, since, plan, collection),
      hasBusiness: own.some((brand) => brand.plan === 'BUSINESS'),
    };
  });
};

const holdPairs = async (tx: Queryable, works: readonly Work[], idOf: (place: number) => bigint): Promise<void> => {
  const pairs = works.flatMap(({ chat }) => (chat.id === null && isDialog(chat) ? [chat.pair.map(idOf)] : []));
  if (pairs.length > 0) await tx.query(HOLD_PAIRS, [pairs.map(([one, other]) => (one! < other! ? one : other))]);
};

const isDialog = (chat: Chat): chat is Chat & { pair: NonNullable<Chat['pair']> } =>
  chat.kind === 'DIRECT' && chat.pair !== null && chat.pair.every((place) => place >= 0);

const lockPresent = async (tx: Queryable, works: readonly Work[]): Promise<Map<bigint, Present>> => {
  const ids = works.flatMap(({ chat }) => chat.id ?? []);
  if (ids.length === 0) return new Map();
  await tx.query(LOCK, [ids]);
  const rows = await tx.query<Omit<Present, 'memberIds'>>(PRESENT, [ids]);
  const present = new Map(rows.map((row) => [row.id, { ...row, memberIds: new Set<bigint>() }]));
  const members = await tx.query<{ chatId: bigint; userId: bigint }>(PRESENT_MEMBERS, [ids]);
  for (const { chatId, userId } of members) present.get(chatId)!.memberIds.add(userId);
  return present;
};

const lockBrands = async (
  tx: Queryable,
  works: readonly Work[],
  { brands }: Collection,
): Promise<Map<bigint, BrandFacts>> => {
  const ids = works.flatMap(({ chat }) => (chat.brands ?? []).map((place) => brands[place]!.id!));
  const rows = ids.length === 0 ? [] : await tx.query<BrandFacts>(LOCK_BRANDS, [ids]);
  return new Map(rows.map((row) => [row.id, row]));
};

/** Only for kinds whose members change; a member who was imported before and removed since stays removed. */
const joiningIn = ({ members }: Chat, { kind, memberIds }: Present, idOf: (place: number) => bigint): Membership[] =>
  kind !== 'GROUP' && kind !== 'ORDER'
    ? []
    : members.filter(({ person, isDone }) => !isDone && !memberIds.has(idOf(person)));

/** When the chat was created: not after its first message. */
const beginningOf = ({ chat, rows }: Work, { messages }: Collection): Date => {
  const { createdAt } = messages.columns;
  let first = chat.described?.as.createdAt ?? Infinity;
  for (const row of rows) first = Math.min(first, createdAt[row]!);
  return new Date(first === Infinity ? Date.now() : first);
};

const lastSent = ({ rows }: LogPlan, { messages }: Collection): Date | undefined =>
  rows.length === 0 ? undefined : new Date(messages.columns.createdAt[rows.at(-1)!]!);

/** A flag without a time: the time of its last message. */
const closingOf = ({ chat }: Work, since: Date, plan: LogPlan, collection: Collection): Date | null => {
  const as = chat.described?.as;
  if (as === undefined) return null;
  const at = as.type === 'chat' ? as.closedAt : as.deletedAt;
  if (typeof at === 'number') return new Date(at);
  const isClosed = as.type === 'chat' ? as.isClosed === true : isOver(as);
  return isClosed ? (lastSent(plan, collection) ?? since) : null;
};

const writeMade = async (tx: Queryable, made: readonly Writing[], collection: Collection): Promise<void> => {
  const { people, brands } = collection;
  await runOver(tx, CHATS, made, ({ work, id, since, plan, headSeq, marks, closedAt, hasBusiness }) => {
    const as = work.chat.described?.as;
    const { name, slug, orderRef, description, access } = as?.type === 'chat' ? as : {};
    const called = name || orderRef ? trimmedName(name ?? orderRef!) : null;
    return [
      id,
      work.chat.kind,
      called,
      chatNameKeyOf(called),
      slug ?? null,
      orderRef ? trimmedName(orderRef) : null,
      cleanDescription(description ?? null),
      access ?? 'CLOSED',
      since,
      lastSent(plan, collection) ?? since,
      closedAt,
      headSeq,
      marks.at(-1),
      plan.rows.length,
      hasBusiness,
    ];
  });
  const dialogs = made.flatMap(({ work: { chat }, id }) =>
    isDialog(chat) ? [[id, ...chat.pair.map((place) => people[place]!.id)]] : [],
  );
  await runOver(tx, MARK_BLOCKED, dialogs, (dialog) => dialog);
  const keys = made.flatMap(({ work, id }) =>
    keysOf(
      work.chat,
      (place) => people[place]!.id,
      (place) => brands[place]!.id,
    ).map((key) => [key, id]),
  );
  await runOver(tx, KEYS, keys, (key) => key);
  const chatBrands = made.flatMap(({ work, id }) => (work.chat.brands ?? []).map((place) => [id, brands[place]!.id]));
  await runOver(tx, CHAT_BRANDS, chatBrands, (pair) => pair);
  await writeRelations(tx, made, collection);
};

/** A relation that was deleted in the source becomes a closed chat here. */
const writeRelations = async (tx: Queryable, made: readonly Writing[], { people }: Collection): Promise<void> => {
  const standing = made.filter(({ work }) => work.chat.kind === 'RELATION' && !isOver(work.chat.described!.as));
  const ids = await takeIds(tx, 'relation', standing.length);
  await runOver(tx, RELATIONS, standing, ({ work, id, since }) => {
    const [managerId, clientId] = work.chat.pair!.map((place) => people[place]!.id);
    return [ids.shift(), managerId, clientId, id, since];
  });
};

/** Records what was imported, so that it is not imported again. */
const keep = async (tx: Queryable, writings: readonly Writing[], collection: Collection): Promise<void> => {
  const { ids } = collection.messages;
  for (const kind of ['chat', 'relation'] as const) {
    const fresh = writings.filter(({ work }) => !work.chat.isDone && work.chat.source?.kind === kind);
    await keepImported(
      tx,
      kind,
      fresh.map(({ work, id }) => ({ source: work.chat.source!.id, id, chatId: id })),
    );
  }
  const members = writings.flatMap(({ work: { chat }, id }) =>
    chat.members
      .filter(({ isDone }) => !isDone)
      .map(({ person }) => ({
        source: sourceOfMember(chat, collection, person),
        id: collection.people[person]!.id!,
        chatId: id,
      })),
  );
  await keepImported(tx, 'member', members);
  const messages = function* (): Iterable<ImportedRow> {
    for (const { id, plan } of writings) {
      for (const [subject, row] of plan.rows.entries()) {
        yield { source: ids[row]!, id: BigInt(plan.seqs[subject]!), chatId: id };
      }
    }
  };
  await keepImported(tx, 'message', messages());
};
