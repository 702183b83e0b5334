/** Changing a chat on a user's behalf: under its lock, by the role and the membership that they have at that time. */
import type { Queryable } from '../../db/database.js';
import type { ChatRole } from '../../generated/prisma/enums.js';
import type { ChatRow, UserFacts } from '../../log/event.js';
import type { ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import { NotFoundError } from '../errors.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import { canSee, type Actor } from './policy.js';
import type { Viewer } from '../viewer.js';

/** A user as the database has them now, with their membership of one chat. */
export interface Person {
  user: UserFacts;
  actor: Actor;
  isActive: boolean;
}

const PEOPLE = `
SELECT ${PERSON_COLUMNS}, person.deactivated_at IS NULL AS "isActive", member.user_id IS NOT NULL AS "isMember",
  member.role AS "chatRole"
FROM "user" person LEFT JOIN member ON member.chat_id = $1 AND member.user_id = person.id
WHERE person.id = ANY($2::bigint[])`;

interface PersonRow extends PersonColumns {
  isActive: boolean;
  isMember: boolean;
  chatRole: ChatRole | null;
}

/** Under the chat's lock nobody joins or leaves, so the result stays true until the commit. One statement. */
export const readPeople = async (
  tx: Queryable,
  chatId: bigint,
  userIds: readonly bigint[],
  presentIds: readonly bigint[],
): Promise<Map<bigint, Person>> => {
  const rows = await tx.query<PersonRow>(PEOPLE, [chatId, userIds]);
  return new Map(
    rows.map((row) => {
      const user = toUser(row);
      const { isMember, chatRole, isActive } = row;
      const actor = { id: user.id, role: user.role, isMember, chatRole, isPresent: presentIds.includes(user.id) };
      return [user.id, { user, actor, isActive }];
    }),
  );
};

/** The facts for a change: who acts, and whom it is about. */
export interface ChangeFacts {
  me: Person;
  /** By id; missing users are left out. */
  others: ReadonlyMap<bigint, Person>;
}

/**
 * Runs `work` under the chat's lock. Besides the statements of `work` and of its events: BEGIN, two, COMMIT.
 *
 * @param chatId null if the id did not decode
 * @param options.otherIds whom it is about
 * @param options.isPresent whether the viewer is present in the chat, if that matters
 * @param options.isFound whether the viewer may act on a chat that they do not see, which they then know of otherwise
 * @throws NotFoundError if the chat does not exist, or the viewer may not see it; what `work` throws
 */
export const changeChat = async <Result extends object>(
  log: Log,
  viewer: Viewer,
  chatId: bigint | null,
  work: (tx: ChatTransaction, facts: ChangeFacts) => Promise<Result>,
  {
    otherIds = [],
    isPresent = false,
    isFound = () => false,
  }: { otherIds?: readonly bigint[]; isPresent?: boolean; isFound?: (chat: ChatRow) => boolean } = {},
): Promise<Result> => {
  if (chatId === null) throw new NotFoundError('Chat');
  const result = await log.change(chatId, async (tx) => {
    const people = await readPeople(tx, chatId, [viewer.id, ...otherIds], isPresent ? [viewer.id] : []);
    const me = people.get(viewer.id);
    if (me === undefined || !(canSee(me.actor, tx.chat) || isFound(tx.chat))) throw new NotFoundError('Chat');
    return work(tx, { me, others: people });
  });
  if (result === undefined) throw new NotFoundError('Chat');
  return result;
};
