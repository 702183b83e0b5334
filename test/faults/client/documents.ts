/** What the harness asks: the public contract, as any client would write it. */

const SEEN = 'id seq sender { id } text isDeleted';
const NOTIFICATION = 'id kind unreadCount readAt message { id }';

const DURABLE = `
  ... on DurableEvent { chatId seq cursor }
  ... on MessageSent { clientMessageId message { ${SEEN} } }
  ... on MessageEdited { message { ${SEEN} } }
  ... on MessagesDeleted { messages { ${SEEN} } }
  ... on MemberAdded { user { id } }
  ... on MemberRemoved { user { id } }
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

  send: `mutation ($chatId: ID!, $text: String!, $key: ID) {
    sendMessage(input: { chatId: $chatId, text: $text, clientMessageId: $key }) {
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
      messages(first: 100, after: $after) { nodes { ${SEEN} } pageInfo { hasNextPage endCursor } } } }`,
  view: `query ($chatId: ID!) {
    chat(id: $chatId) { headSeq cursor unreadCount members(first: 100) { nodes { lastReadSeq user { id } } } } }`,
};
