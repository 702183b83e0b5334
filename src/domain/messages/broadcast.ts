/** Who hears of what is not kept: typing and read positions go to everyone only in chats small enough. */

const MEMBERS_MOST = 100;

/** Whether they may be broadcast there, for statements that read from `chat`. Looks at no more members than it must. */
export const IS_BROADCAST = `((SELECT count(*) FROM (
    SELECT 1 FROM member other WHERE other.chat_id = chat.id LIMIT ${MEMBERS_MOST + 1}
  ) others) <= ${MEMBERS_MOST})`;
