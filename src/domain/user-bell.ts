/** Telling users, on all their devices, that something about their chats changed: a stored notification, and a bell to look now. */
import type { Bus } from '../bus/bus.js';
import type { Queryable } from '../db/database.js';
import type { NotificationKind } from '../generated/prisma/enums.js';
import { chatTopic, userTopic } from '../log/doorbell.js';

const NOTIFY = `
INSERT INTO notification (user_id, kind, chat_id, actor_id)
SELECT user_id, $2::notification_kind, $3::bigint, $4::bigint FROM unnest($1::bigint[]) AS about(user_id) WHERE user_id <> $4`;

/** Runs in the transaction of the change. Nobody is notified of their own actions. One statement. */
export const storeNotification = async (
  tx: Queryable,
  userIds: readonly bigint[],
  kind: NotificationKind,
  chatId: bigint,
  actorId: bigint,
): Promise<void> => {
  await tx.query(NOTIFY, [userIds, kind, chatId, actorId]);
};

/**
 * Call after the commit. The acting user's own devices are told too.
 *
 * @param isRegrouped whether the users may have become or ceased to be members
 */
export const ringUsers = (
  bus: Bus,
  userIds: readonly bigint[],
  chatIds: readonly bigint[],
  { isRegrouped = true } = {},
): void => {
  const ids = chatIds.map(String);
  for (const userId of userIds) bus.publish(userTopic(userId), { chatIds: ids, isRegrouped });
};

/** Of a user's own settings of a chat. Not kept: whoever was away reads the settings again. */
export const tellOwnDevices = (bus: Bus, userId: bigint, chatId: bigint): void => {
  bus.publish(chatTopic(chatId), { ephemerals: [{ kind: 'settings', chatId, userId }] });
  ringUsers(bus, [userId], [chatId], { isRegrouped: false });
};
