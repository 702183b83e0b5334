/** Who is told of what is not stored: typing and read positions go to everyone only in small enough chats. */

const MAX_MEMBERS = 100;

/** Whether the chat is small enough, for statements that read from `chat`. Reads no more members than it must. */
export const IS_BROADCAST = `((SELECT count(*) FROM (
    SELECT 1 FROM member other WHERE other.chat_id = chat.id LIMIT ${MAX_MEMBERS + 1}
  ) others) <= ${MAX_MEMBERS})`;
