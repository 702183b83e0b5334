/** Who hears of what is not kept: typing and read positions go to everyone only in chats small enough. */

const MAX_MEMBERS = 100;

/** Whether they may be broadcast there, for statements that read from `chat`. Looks at no more members than it must. */
export const IS_BROADCAST = `((SELECT count(*) FROM (
    SELECT 1 FROM member other WHERE other.chat_id = chat.id LIMIT ${MAX_MEMBERS + 1}
  ) others) <= ${MAX_MEMBERS})`;
