/** Reactions to messages: added and removed in batches, since many react to the same message at once. */
import type { ChatTransaction, NewEvent } from '../../log/append.js';
import type { MessageRow } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import { InvalidInputError, NotFoundError, RateLimitedError } from '../errors.js';
import type { RateLimits, Take } from '../rate-limits.js';
import { readPeople, type Person } from '../rules/chat-change.js';
import { canSee } from '../rules/policy.js';
import type { AsPresent } from '../rules/presence.js';
import { refuseWriting } from '../rules/write-refusals.js';
import type { Viewer } from '../viewer.js';
import { createChatBatches } from './chat-batches.js';
import { MESSAGE_COLUMNS, toMessage, type MessageColumns } from './message-row.js';
import type { MessageKey } from './messages.js';
import { countReaction, parseCounts, textOfCounts, type ReactionCounts } from './reaction-counts.js';

export interface Reactions {
  /**
   * Adds the viewer's reaction, or removes it. Idempotent.
   *
   * @param key null if the id did not decode
   * @param emoji one of those recommended for general interchange (RGI)
   * @returns the message after this change
   * @throws InvalidInputError (path `emoji`), NotFoundError also for deleted messages, ForbiddenError, ChatClosedError,
   *   PlanRequiredError, NotJoinedError, RateLimitedError; UnavailableError: the outcome is unknown
   */
  add(viewer: Viewer, key: MessageKey | null, emoji: string): Promise<MessageRow>;
  remove(viewer: Viewer, key: MessageKey | null, emoji: string): Promise<MessageRow>;
  /** Resolves once all of them are written. */
  drain(): Promise<void>;
}

export interface ReactionsOptions {
  log: Log;
  limits: RateLimits;
  asPresent: AsPresent;
}

interface Asked {
  viewerId: bigint;
  seq: number;
  emoji: string;
  type: 'REACTION_ADDED' | 'REACTION_REMOVED';
  isPresent: boolean;
  taken: Take;
}

interface Answer {
  message: MessageRow;
  isChanged: boolean;
}

const MOST_OF_USER = 10;
const MOST_OF_MESSAGE = 20;
const MOST_UNITS = 64;
// As a text: TypeScript knows the flag only for newer targets than Node 20 needs.
const ONE_EMOJI = new RegExp('^\\p{RGI_Emoji}$', 'v');

const MESSAGES = `SELECT ${MESSAGE_COLUMNS} FROM message JOIN "user" person ON person.id = message.sender_id
  WHERE message.chat_id = $1 AND message.seq = ANY($2::int[])`;
const OWN = `SELECT message_seq AS seq, user_id AS "userId", emoji FROM reaction
  WHERE chat_id = $1 AND (message_seq, user_id) IN (SELECT * FROM unnest($2::int[], $3::bigint[]))`;
const REMOVE = `DELETE FROM reaction
  WHERE chat_id = $1 AND (message_seq, user_id, emoji) IN (SELECT * FROM unnest($2::int[], $3::bigint[], $4::text[]))`;
const ADD = `INSERT INTO reaction (chat_id, message_seq, user_id, emoji, seq)
  SELECT $1, * FROM unnest($2::int[], $3::bigint[], $4::text[], $5::int[])`;
const COUNT = `UPDATE message SET reactions = counted.reactions, changed_seq = counted.seq
  FROM unnest($2::int[], $3::text[], $4::int[]) AS counted(message_seq, reactions, seq)
  WHERE message.chat_id = $1 AND message.seq = counted.message_seq`;

export const createReactions = ({ log, limits, asPresent }: ReactionsOptions): Reactions => {
  const batches = createChatBatches<Asked, Answer>(async (chatId, asked) => {
    const answers = await log.change(chatId, (tx) => react(tx, asked));
    return answers ?? asked.map(() => new NotFoundError('Chat'));
  });

  const change = async (viewer: Viewer, key: MessageKey | null, emoji: string, type: Asked['type']) => {
    checkEmoji(emoji);
    if (key === null) throw new NotFoundError('Message');
    const taken = await limits.take('reaction', String(viewer.id));
    const giveBack = () => taken.allowed && taken.giveBack();
    const asked = { viewerId: viewer.id, seq: key.seq, emoji, type, taken };
    try {
      const { message, isChanged } = await asPresent(viewer.id, key.chatId, (isPresent) =>
        batches.add(key.chatId, { ...asked, isPresent }),
      );
      if (!isChanged) giveBack();
      return message;
    } catch (error) {
      giveBack();
      throw error;
    }
  };

  return {
    add: (viewer, key, emoji) => change(viewer, key, emoji, 'REACTION_ADDED'),
    remove: (viewer, key, emoji) => change(viewer, key, emoji, 'REACTION_REMOVED'),
    drain: () => batches.drain(),
  };
};

const checkEmoji = (emoji: string) => {
  if (emoji.length <= MOST_UNITS && ONE_EMOJI.test(emoji)) return;
  throw new InvalidInputError([{ path: ['emoji'], code: 'MALFORMED', reason: 'must be one emoji' }]);
};

/** What a batch finds, changed as its items are judged, in their order. */
interface Found {
  people: ReadonlyMap<bigint, Person>;
  messages: ReadonlyMap<number, { message: MessageRow; counts: ReactionCounts }>;
  /** The emoji of a user on a message, by `ownKey`. */
  own: Map<string, Set<string>>;
}

interface Change {
  asked: Asked;
  event: NewEvent;
}

/** The chat's lock, three reads and up to four writes, for any number of items. */
const react = async (tx: ChatTransaction, asked: readonly Asked[]): Promise<(Answer | Error)[]> => {
  const found = await read(tx, asked);
  const before = new Map([...found.own].map(([key, emojis]) => [key, new Set(emojis)]));
  const changes: Change[] = [];
  const refusals = asked.map((one) => {
    try {
      const actor = judge(tx, found, one);
      if (actor !== null) changes.push({ asked: one, event: { type: one.type, actor: actor.user, emoji: one.emoji } });
      return null;
    } catch (error) {
      return error as Error;
    }
  });
  const messages = await write(tx, found, before, changes);
  const changed = new Set(changes.map(({ asked: one }) => one));
  return asked.map((one, index) => refusals[index] ?? { message: messages.get(one.seq)!, isChanged: changed.has(one) });
};

const read = async (tx: ChatTransaction, asked: readonly Asked[]): Promise<Found> => {
  const seqs = asked.map(({ seq }) => seq);
  const viewerIds = asked.map(({ viewerId }) => viewerId);
  const presentIds = asked.flatMap(({ isPresent, viewerId }) => (isPresent ? [viewerId] : []));
  const people = await readPeople(tx, tx.chat.id, [...new Set(viewerIds)], presentIds);
  const rows = await tx.query<MessageColumns>(MESSAGES, [tx.chat.id, [...new Set(seqs)]]);
  const reactions = await tx.query<{ seq: number; userId: bigint; emoji: string }>(OWN, [tx.chat.id, seqs, viewerIds]);
  const own: Found['own'] = new Map();
  for (const { seq, userId, emoji } of reactions) ownOf(own, seq, userId).add(emoji);
  const messages = rows.map((row) => ({ message: toMessage(row), counts: parseCounts(row.reactions) }));
  return { people, own, messages: new Map(messages.map((one) => [one.message.seq, one])) };
};

const ownOf = (own: Found['own'], seq: number, userId: bigint): Set<string> => {
  const key = `${seq} ${userId}`;
  let emojis = own.get(key);
  if (emojis === undefined) own.set(key, (emojis = new Set()));
  return emojis;
};

/** @returns who reacts; null if nothing is to be changed */
const judge = (tx: ChatTransaction, found: Found, asked: Asked): Person | null => {
  const me = found.people.get(asked.viewerId);
  if (me === undefined || !canSee(me.actor, tx.chat)) throw new NotFoundError('Chat');
  const on = found.messages.get(asked.seq);
  if (on === undefined || on.message.deletedAt !== null) throw new NotFoundError('Message');
  refuseWriting(me.actor, tx.chat);
  const own = ownOf(found.own, asked.seq, asked.viewerId);
  const isAdded = asked.type === 'REACTION_ADDED';
  if (own.has(asked.emoji) === isAdded) return null;
  if (!asked.taken.allowed) throw new RateLimitedError(asked.taken.retryAfterMs);
  if (isAdded) {
    if (own.size >= MOST_OF_USER) throw tooMany(MOST_OF_USER, 'of yours');
    if (!on.counts.has(asked.emoji) && on.counts.size >= MOST_OF_MESSAGE) throw tooMany(MOST_OF_MESSAGE, 'different');
    own.add(asked.emoji);
  } else own.delete(asked.emoji);
  countReaction(on.counts, asked.emoji, isAdded ? 1 : -1);
  return me;
};

const tooMany = (limit: number, which: string) =>
  new InvalidInputError([
    { path: ['emoji'], code: 'TOO_MANY', limit, reason: `may be one of at most ${limit} ${which} on a message` },
  ]);

/** @returns the messages as they are after the changes */
const write = async (
  tx: ChatTransaction,
  { messages, own }: Found,
  before: Found['own'],
  changes: readonly Change[],
): Promise<ReadonlyMap<number, MessageRow>> => {
  const after = new Map([...messages].map(([seq, { message }]) => [seq, message]));
  if (changes.length === 0) return after;
  const chatId = tx.chat.id;
  const first = tx.nextSeq();
  /** The last change of each reaction, and of each message. */
  const triples = new Map(
    changes.map(({ asked }, index) => [
      `${asked.seq} ${asked.viewerId} ${asked.emoji}`,
      { ...asked, at: first + index },
    ]),
  );
  for (const [index, { asked }] of changes.entries()) {
    const { message, counts } = messages.get(asked.seq)!;
    after.set(asked.seq, { ...message, reactions: textOfCounts(counts), changedSeq: first + index });
  }

  const gone = [...triples.values()].filter(({ seq, viewerId, emoji }) => ownOf(before, seq, viewerId).has(emoji));
  if (gone.length > 0) await tx.query(REMOVE, [chatId, ...columnsOf(gone)]);
  const added = [...triples.values()].filter(({ seq, viewerId, emoji }) => ownOf(own, seq, viewerId).has(emoji));
  if (added.length > 0) await tx.query(ADD, [chatId, ...columnsOf(added), added.map(({ at }) => at)]);
  const counted = [...new Set(changes.map(({ asked }) => asked.seq))].map((seq) => after.get(seq)!);
  await tx.query(COUNT, [
    chatId,
    counted.map(({ seq }) => seq),
    counted.map(({ reactions }) => reactions),
    counted.map(({ changedSeq }) => changedSeq),
  ]);
  await tx.appendAll(changes.map(({ asked, event }) => ({ ...event, messages: [after.get(asked.seq)!] })));
  return after;
};

const columnsOf = (some: readonly Asked[]) => [
  some.map(({ seq }) => seq),
  some.map(({ viewerId }) => viewerId),
  some.map(({ emoji }) => emoji),
];
