/** What the harness asks: the public contract, as any client would write it. */

const SEEN = 'id seq sender { id } text isDeleted';
const REACTIONS = 'reactions { emoji count users { id } }';
const NOTIFICATION = 'id kind unreadCount readAt message { id }';

const DURABLE = `
  ... on DurableEvent { chatId seq cursor }
  ... on MessageSent { clientMessageId message { ${SEEN} } }
  ... on MessageEdited { message { ${SEEN} } }
  ... on MessagesDeleted { messages { ${SEEN} } }
  ... on MemberAdded { user { id } actor { id } }
  ... on MemberRemoved { user { id } }
  ... on MemberUpdated { member { user { id } } }
  ... on ReactionAdded { message { ${SEEN} } user { id } emoji }
  ... on ReactionRemoved { message { ${SEEN} } user { id } emoji }
  ... on MessagePinned { message { ${SEEN} } }
  ... on MessageUnpinned { message { ${SEEN} } }
  ... on MessagesRead { chatId user { id } lastReadSeq }
  ... on ChatReady { chatId headSeq cursor }
  ... on ResyncRequired { chatId }
  ... on SubscriptionEnded { code }`;

const CHAT_EVENTS = `__typename ${DURABLE}`;
const VIEWER_EVENTS = `__typename ${DURABLE} ... on ChatAdded { chat { id headSeq } } ... on ChatRemoved { chatId }`;
/** Differs between viewers of the same event. */
const OWN = '... on DurableEvent { chat { membership { user { id } } } }';

export const documents = {
  register: `mutation ($username: String!, $password: String!, $email: String!) {
    register(input: { username: $username, password: $password, email: $email }) {
      __typename ... on RegisterSuccess { session { accessToken user { id } } } } }`,
  logIn: `mutation ($username: String!, $password: String!) {
    logIn(input: { username: $username, password: $password }) {
      __typename ... on LogInSuccess { session { accessToken user { id } } } } }`,
  createChat: `mutation ($name: String!, $memberIds: [ID!]!) {
    createChat(input: { name: $name, memberIds: $memberIds }) {
      __typename ... on CreateChatSuccess { chat { id cursor headSeq } } } }`,

  send: `mutation ($chatId: ID!, $text: String!, $key: ID, $replyToId: ID, $mentionIds: [ID!], $isToEveryone: Boolean) {
    sendMessage(input: {
      chatId: $chatId, text: $text, clientMessageId: $key
      replyToId: $replyToId, mentionIds: $mentionIds, mentionsEveryone: $isToEveryone }) {
      __typename ... on SendMessageSuccess { message { id seq } } } }`,
  edit: `mutation ($messageId: ID!, $text: String!) {
    editMessage(input: { messageId: $messageId, text: $text }) { __typename } }`,
  delete: `mutation ($chatId: ID!, $messageIds: [ID!]!) {
    deleteMessages(input: { chatId: $chatId, messageIds: $messageIds }) {
      __typename ... on DeleteMessagesSuccess { deletedIds } } }`,
  add: `mutation ($chatId: ID!, $userId: ID!) { addChatMember(input: { chatId: $chatId, userId: $userId }) { __typename } }`,
  remove: `mutation ($chatId: ID!, $userId: ID!) {
    removeChatMember(input: { chatId: $chatId, userId: $userId }) { __typename } }`,
  markRead: `mutation ($chatId: ID!, $seq: Int!) {
    markRead(input: { chatId: $chatId, upToSeq: $seq }) {
      __typename ... on MarkReadSuccess { chat { unreadCount members(first: 100) { nodes { lastReadSeq user { id } } } } } } }`,
  react: `mutation ($messageId: ID!, $emoji: String!) {
    addReaction(input: { messageId: $messageId, emoji: $emoji }) { __typename } }`,
  unreact: `mutation ($messageId: ID!, $emoji: String!) {
    removeReaction(input: { messageId: $messageId, emoji: $emoji }) { __typename } }`,
  pin: `mutation ($messageId: ID!) { pinMessage(input: { messageId: $messageId }) { __typename } }`,
  unpin: `mutation ($messageId: ID!) { unpinMessage(input: { messageId: $messageId }) { __typename } }`,
  setRole: `mutation ($chatId: ID!, $userId: ID!, $role: ChatRole!) {
    setChatMemberRole(input: { chatId: $chatId, userId: $userId, role: $role }) { __typename } }`,
  invite: `mutation ($chatId: ID!, $maxUses: Int!) {
    createInvite(input: { chatId: $chatId, maxUses: $maxUses }) {
      __typename ... on CreateInviteSuccess { invite { id code } } } }`,
  accept: `mutation ($code: String!) { acceptInvite(input: { code: $code }) { __typename } }`,
  setSettings: `mutation ($input: UpdateChatSettingsInput!) { updateChatSettings(input: $input) { __typename } }`,

  chatEvents: `subscription ($chatId: ID!, $after: Cursor) {
    chatEvents(chatId: $chatId, after: $after) { ${CHAT_EVENTS} } }`,
  events: `subscription ($after: [Cursor!]) { events(after: $after) { ${VIEWER_EVENTS} } }`,
  ownChatEvents: `subscription ($chatId: ID!, $after: Cursor) {
    chatEvents(chatId: $chatId, after: $after) { ${CHAT_EVENTS} ${OWN} } }`,
  ownEvents: `subscription ($after: [Cursor!]) { events(after: $after) { ${VIEWER_EVENTS} ${OWN} } }`,
  notificationEvents: `subscription {
    notificationEvents {
      __typename
      ... on NotificationAdded { notification { ${NOTIFICATION} } }
      ... on NotificationChanged { notification { ${NOTIFICATION} } }
      ... on NotificationRemoved { notificationId } } }`,

  notifications: `query ($after: String) {
    notifications(first: 100, after: $after) {
      nodes { ${NOTIFICATION} } pageInfo { hasNextPage endCursor } } }`,
  chat: `query ($chatId: ID!, $after: String) {
    chat(id: $chatId) {
      headSeq cursor unreadCount
      members(first: 100) { nodes { lastReadSeq user { id } } }
      messages(first: 100, after: $after) { nodes { ${SEEN} ${REACTIONS} } pageInfo { hasNextPage endCursor } } } }`,
  view: `query ($chatId: ID!) {
    chat(id: $chatId) {
      headSeq cursor unreadCount unreadMentionCount members(first: 100) { nodes { lastReadSeq role user { id } } } } }`,
  talk: `query ($chatId: ID!) {
    chat(id: $chatId) { pinnedMessages(first: 100) { nodes { id } } invites { id uses } } }`,
};
