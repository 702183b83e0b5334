/** What a member has set for themselves in a chat: nobody else sees it. */
import type { Bus } from '../../bus/bus.js';
import type { Database } from '../../db/database.js';
import type { NotifyAbout } from '../../generated/prisma/enums.js';
import type { ChatRow } from '../../log/event.js';
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../errors.js';
import type { RateLimits } from '../rate-limits.js';
import { ASKED, askedParams, gatherAsked, OWN_OF_ASKED } from '../rules/asked-chats.js';
import { IS_ARCHIVED, IS_MUTED } from '../own-settings.js';
import type { SeenChats } from '../rules/seen-chats.js';
import { tellOwnDevices } from '../user-bell.js';
import type { Viewer } from '../viewer.js';

export interface ChatSettings {
  isMuted: boolean;
  /** Null if it is not muted, or for good. */
  mutedUntil: Date | null;
  isPinned: boolean;
  isArchived: boolean;
  isMarkedUnread: boolean;
  notifyAbout: NotifyAbout;
}

/** What is absent or null stays. */
export type SettingsChange = { [Name in keyof ChatSettings]?: ChatSettings[Name] | null | undefined };

export interface OwnChatSettings {
  /** As of now; null for one who is not a member. One statement for all that is asked for in one turn of the event loop. */
  read(viewer: Viewer, chatId: bigint): Promise<ChatSettings | null>;
  /**
   * BEGIN, two statements, COMMIT. The viewer's other devices are told.
   *
   * @param chatId null if the id did not decode
   * @returns the chat
   * @throws NotFoundError, ForbiddenError, InvalidInputError (path `mutedUntil`), RateLimitedError
   */
  update(viewer: Viewer, chatId: bigint | null, change: SettingsChange): Promise<ChatRow>;
}

export interface OwnChatSettingsOptions {
  db: Database;
  bus: Bus;
  limits: RateLimits;
  seenChats: SeenChats;
}

const READ = `SELECT asked.n::int AS n, ${IS_MUTED} AS "isMuted", CASE WHEN ${IS_MUTED} THEN own.muted_until END AS "mutedUntil",
    own.is_pinned AS "isPinned", ${IS_ARCHIVED} AS "isArchived", own.is_marked_unread AS "isMarkedUnread",
    own.notify_about AS "notifyAbout"
  FROM ${ASKED} JOIN chat ON chat.id = asked.id JOIN ${OWN_OF_ASKED}`;

/** In a statement of its own: it waits for the member's own sends, and the next statement's snapshot has what was sent before. */
const LOCK = 'SELECT FROM member WHERE chat_id = $1 AND user_id = $2 FOR NO KEY UPDATE';

/** What is archived no longer stays so, though the chat is muted later. */
const UPDATE = `UPDATE member own SET
    is_muted = coalesce($3::boolean, own.is_muted),
    muted_until = CASE WHEN $3::boolean IS NULL THEN own.muted_until ELSE $4::timestamptz END,
    is_pinned = coalesce($5::boolean, own.is_pinned),
    archived_count = CASE
      WHEN $6::boolean THEN chat.message_count - own.sent_count
      WHEN $6::boolean IS NULL AND ${IS_ARCHIVED} THEN own.archived_count END,
    is_marked_unread = coalesce($7::boolean, own.is_marked_unread),
    notify_about = coalesce($8::notify_about, own.notify_about),
    xid = pg_current_xact_id()
  FROM chat WHERE own.chat_id = $1 AND own.user_id = $2 AND chat.id = own.chat_id`;

export const createOwnChatSettings = ({ db, bus, limits, seenChats }: OwnChatSettingsOptions): OwnChatSettings => ({
  read: gatherAsked(async (asked) => {
    const rows = await db.query<ChatSettings & { n: number }>(READ, askedParams(asked));
    const found = asked.map((): ChatSettings | null => null);
    for (const { n, ...settings } of rows) found[n - 1] = settings;
    return found;
  }),

  update: async (viewer, chatId, change) => {
    const { isMuted, mutedUntil } = mutingOf(change);
    const seen = chatId === null ? null : await seenChats.read(viewer, chatId);
    if (!seen?.isSeen) throw new NotFoundError('Chat');
    if (!seen.isMember) throw new ForbiddenError('Only members of a chat have settings there');
    const { chat } = seen;
    const taken = await limits.take('settings', String(viewer.id));
    if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
    await db.transaction(async (tx) => {
      const own = [chat.id, viewer.id];
      if ((await tx.query(LOCK, own)).length === 0) throw new NotFoundError('Chat');
      const { isPinned, isArchived, isMarkedUnread, notifyAbout } = change;
      const values = [isMuted, mutedUntil, isPinned, isArchived, isMarkedUnread, notifyAbout];
      await tx.query(UPDATE, [...own, ...values.map((value) => value ?? null)]);
    });
    tellOwnDevices(bus, viewer.id, chat.id);
    return chat;
  },
});

/** A time says that it is muted until then; without one it is muted for good. */
const mutingOf = ({ isMuted, mutedUntil }: SettingsChange): { isMuted: boolean | null; mutedUntil: Date | null } => {
  if (mutedUntil === null || mutedUntil === undefined) return { isMuted: isMuted ?? null, mutedUntil: null };
  const path = ['mutedUntil'];
  if (isMuted === false)
    throw new InvalidInputError([{ path, code: 'NOT_ALLOWED', reason: 'must be absent unless the chat is muted' }]);
  if (mutedUntil.getTime() <= Date.now())
    throw new InvalidInputError([{ path, code: 'OUT_OF_RANGE', reason: 'must lie in the future' }]);
  return { isMuted: true, mutedUntil };
};
