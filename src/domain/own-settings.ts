/** A member's own settings of a chat, in SQL: for a `member own` and its `chat`. */

export const IS_MUTED = `(own.is_muted AND (own.muted_until IS NULL OR own.muted_until > now()))`;

/** Archived, until somebody else writes; a muted one stays archived. */
export const IS_ARCHIVED = `(own.archived_count IS NOT NULL
  AND (${IS_MUTED} OR chat.message_count - own.sent_count <= own.archived_count))`;

/** Whether they may be notified of messages there at all. */
export const MAY_BE_NOTIFIED = `(own.notify_about <> 'NOTHING' AND NOT ${IS_MUTED})`;
