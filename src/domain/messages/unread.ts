/**
 * How much is unread. Computed from counters kept under the chat's lock, and from the few messages that were deleted since: the
 * same cost at a thousand messages and at a million, exact, and without a cap.
 */

/** Messages by others after the read position, including deleted ones. For tables named `chat` and `own`, its member. */
const BY_OTHERS = `((chat.message_count - own.read_count) - (own.sent_count - own.read_sent_count))`;

/** Whether there may be any: cheaper than counting them. */
export const MAY_HAVE_UNREAD = `${BY_OTHERS} > 0`;

/** int4; null if there is no member. */
export const UNREAD_COUNT = `CASE WHEN ${MAY_HAVE_UNREAD} THEN ${BY_OTHERS} - (
    SELECT count(*)::int FROM message deleted WHERE deleted.chat_id = own.chat_id AND deleted.seq > own.last_read_seq
      AND deleted.deleted_at IS NOT NULL AND deleted.sender_id <> own.user_id)
  WHEN own.user_id IS NOT NULL THEN 0 END`;
