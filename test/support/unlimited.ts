/** Settings by which nothing is refused for being too much. */
export const UNLIMITED = {
  CHAT_CONNECTIONS_PER_USER: '0',
  MESSAGES_PER_MINUTE: '0',
  EDITS_PER_MINUTE: '0',
  REACTIONS_PER_MINUTE: '0',
  TYPING_PER_MINUTE: '0',
  DIRECT_CHATS_PER_MINUTE: '0',
  SIGN_INS_PER_MINUTE: '0',
  REGISTRATIONS_PER_HOUR: '0',
};
