/** Which chats, relations and memberships exist here already, and which conflict with existing ones. */
import type { Queryable } from '../db/database.js';
import { directKey, matchKey, orderKey, relationKey, slugKey } from '../domain/chats/new-chat.js';
import { trimmedName } from '../domain/chat-names.js';
import type { ChatKind } from '../generated/prisma/enums.js';
import type { Chat, Collection, Membership, Problem } from './collection.js';
import { findImported, inBatches } from './imported.js';
import type { ChatLine, RelationLine } from './line.js';

interface Facts {
  id: bigint;
  kind: ChatKind;
  memberIds: bigint[];
}

const FACTS = `SELECT id, kind::text AS kind, CASE WHEN kind IN ('DIRECT', 'RELATION')
    THEN ARRAY(SELECT user_id FROM member WHERE chat_id = id ORDER BY user_id) ELSE '{}' END AS "memberIds"
  FROM chat WHERE id = ANY($1::bigint[])`;
const KEYS = `SELECT key, chat_key.chat_id AS "chatId", relation.id IS NOT NULL AS "isRelated" FROM chat_key
  LEFT JOIN relation ON relation.chat_id = chat_key.chat_id WHERE key = ANY($1::text[])`;

interface KeyRow {
  key: string;
  chatId: bigint;
  isRelated: boolean;
}

/** After people and brands. Gives existing chats their ids, and the others their pair. */
export const resolveChats = async (db: Queryable, collection: Collection): Promise<Problem[]> => {
  const { chats } = collection;
  for (const kind of ['chat', 'relation'] as const) {
    const bySource = new Map(chats.flatMap((chat) => (chat.source?.kind === kind ? [[chat.source.id, chat]] : [])));
    await findImported(db, kind, bySource.keys(), ({ source, chatId }) =>
      Object.assign(bySource.get(source)!, { id: chatId, isDone: true }),
    );
  }
  await addFacts(db, collection);

  const fresh = chats.filter((chat) => !chat.isDone && (chat.described !== null || chat.source === null));
  const problems = fresh.flatMap(pairFromMembers);
  problems.push(...twiceInFile(fresh));
  await takeThoseHere(db, collection, fresh, problems);
  await resolveMembers(db, collection, problems);

  for (const chat of fresh) {
    const hasSomebody = chat.createdBy ?? chat.pair ?? chat.brands ?? chat.members[0];
    if (chat.kind !== 'DIRECT' && (hasSomebody === undefined || hasSomebody === null)) {
      problems.push({ line: chat.described!.line, reason: 'nobody is in it: bring in a member, or name createdBy' });
    }
  }
  return problems;
};

/** For chats imported before: the kind, and the members of a pair. */
const addFacts = async (db: Queryable, { chats, people }: Collection): Promise<void> => {
  const placeOf = new Map(people.flatMap(({ id }, place) => (id === null ? [] : [[id, place] as const])));
  const known = new Map(chats.flatMap((chat) => (chat.id === null ? [] : [[chat.id, chat] as const])));
  await inBatches(
    known.keys(),
    (batch) => db.query<Facts>(FACTS, [batch]),
    ({ id, kind, memberIds }) => {
      const chat = known.get(id)!;
      chat.kind = kind;
      // Somebody to whom this file does not refer has no messages in it.
      const [one = -1, other = -1] = memberIds.map((memberId) => placeOf.get(memberId) ?? -1);
      if (memberIds.length > 0) chat.pair = [one, other];
    },
  );
};

const pairFromMembers = (chat: Chat): Problem[] => {
  if (chat.kind !== 'DIRECT' || chat.pair !== null) return [];
  const [one, other, ...more] = new Set(chat.members.map(({ person }) => person));
  if (one === undefined || other === undefined || more.length > 0) {
    return [{ line: chat.described!.line, reason: 'a DIRECT has two members' }];
  }
  chat.pair = one < other ? [one, other] : [other, one];
  return [];
};

/** The unique keys of a chat: from indexes in the file, or from ids here if `ofPerson` and `ofBrand` know them. */
export const keysOf = <Id extends bigint>(
  { kind, pair, brands, described }: Chat,
  ofPerson: (place: number) => Id | null,
  ofBrand: (place: number) => Id | null,
): string[] => {
  const keys: string[] = [];
  const [one, other] = pair === null ? [null, null] : pair.map(ofPerson);
  if (kind === 'DIRECT' && one && other) keys.push(directKey(one, other));
  if (kind === 'RELATION' && one && other) keys.push(relationKey(one, other));
  const [first, second] = brands === null ? [null, null] : brands.map(ofBrand);
  if (kind === 'MATCH' && first && second) keys.push(matchKey(first, second));
  if (described?.as.type === 'chat') {
    if (described.as.orderRef) keys.push(orderKey(trimmedName(described.as.orderRef)));
    if (described.as.slug) keys.push(slugKey(described.as.slug));
  }
  return keys;
};

const lineOf = (chat: Chat) => chat.described?.line ?? chat.namedAt;

const twiceInFile = (chats: readonly Chat[]): Problem[] => {
  const seen = new Map<string, Chat>();
  const place = (index: number) => BigInt(index + 1);
  return chats.flatMap((chat) =>
    keysOf(chat, place, place).flatMap((key) => {
      const earlier = seen.get(key);
      if (earlier === undefined) seen.set(key, chat);
      const [line, other] = [lineOf(chat), earlier === undefined ? 0 : lineOf(earlier)];
      const later = {
        line: Math.max(line, other),
        reason: `is the same as in line ${Math.min(line, other)}: ${WHAT[key.split(':')[0]!]}`,
      };
      return earlier === undefined ? [] : [later];
    }),
  );
};

const WHAT: Record<string, string> = {
  direct: 'a direct chat of these two',
  relation: 'a relation of these two',
  match: 'a match of these two',
  order: 'orderRef',
  slug: 'slug',
};

/** A pair or an order has one chat: another chat's messages go there. A slug is only a name, and then taken by another chat. */
const takeThoseHere = async (
  db: Queryable,
  { people, brands }: Collection,
  chats: readonly Chat[],
  problems: Problem[],
) => {
  const byKey = new Map<string, Chat>();
  for (const chat of chats) {
    const keys = keysOf(
      chat,
      (place) => people[place]!.id,
      (place) => brands[place]!.id,
    );
    for (const key of keys) byKey.set(key, chat);
  }
  await inBatches(
    byKey.keys(),
    (batch) => db.query<KeyRow>(KEYS, [batch]),
    ({ key, chatId, isRelated }) => {
      const chat = byKey.get(key)!;
      if (key.startsWith('slug:'))
        problems.push({ line: lineOf(chat), reason: 'slug: is taken by a chat that is here already' });
      else if (chat.kind === 'RELATION' && !isRelated && !isOver(chat.described!.as)) {
        problems.push({
          line: lineOf(chat),
          reason: 'the relation of these two was deleted here: make it again first',
        });
      } else chat.id = chatId;
    },
  );
};

/** Whether the relation was deleted in the source. */
export const isOver = (as: ChatLine | RelationLine): boolean =>
  as.type === 'relation' && (as.isDeleted === true || typeof as.deletedAt === 'number');

/** The source id of a membership, which has none of its own. */
export const sourceOfMember = ({ source, pair }: Chat, { people }: Collection, person: number): string => {
  const of = (place: number) => people[place]!.source;
  // 'dialog' is stored: imports of older versions are repeated by it.
  return JSON.stringify([
    ...(source === null ? ['dialog', ...pair!.map(of).sort()] : [source.kind, source.id]),
    of(person),
  ]);
};

const resolveMembers = async (db: Queryable, collection: Collection, problems: Problem[]): Promise<void> => {
  const bySource = new Map<string, Membership>();
  for (const chat of collection.chats) {
    for (const member of chat.members) {
      const source = sourceOfMember(chat, collection, member.person);
      const earlier = bySource.get(source);
      if (earlier === undefined) bySource.set(source, member);
      else problems.push({ line: member.line, reason: `is a member by line ${earlier.line} already` });
      if (chat.kind !== null && chat.kind !== 'GROUP' && (member.as.role ?? 'MEMBER') !== 'MEMBER')
        problems.push({ line: member.line, reason: 'role: only members of a GROUP have one' });
      const parties = partiesOf(chat, collection);
      if (parties !== null && !parties.includes(member.person)) {
        problems.push({ line: member.line, reason: `user: is none of the two of this ${chat.kind!}` });
      }
    }
  }
  await findImported(db, 'member', bySource.keys(), ({ source }) => void (bySource.get(source)!.isDone = true));
};

/** The members that its kind requires; null if any are allowed. */
export const partiesOf = ({ pair, brands }: Chat, collection: Collection): readonly (number | null)[] | null =>
  pair ?? brands?.map((brand) => collection.brands[brand]!.owner) ?? null;
