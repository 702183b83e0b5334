/** What GraphiQL shows first: a conversation, one tab for each step. */

export interface GraphiqlTab {
  query: string;
  /** JSON. */
  variables: string;
}

/** Somebody whose password is no secret, and a chat of theirs. */
export interface Talker {
  username: string;
  password: string;
  /** Global. */
  chatId: string;
  /** Of the end of that chat's demo conversation. */
  cursor: string;
  /** Somebody to be in a second window. */
  otherUsername?: string;
}

const json = (variables: object) => JSON.stringify(variables, null, 2);

/** @param talker where there is demo data that only this machine can reach; otherwise one fills in one's own */
export const conversationTabs = (talker?: Talker): GraphiqlTab[] => [
  {
    query: `# 1. Press the run button. This page then sends the access token along by itself, until it is closed.
#
# Your own program sends it as a header, and so does this page where you write it into the Headers tab below:
#   { "Authorization": "Bearer <accessToken>" }
# Over a WebSocket it goes into connectionParams: { "authorization": "Bearer <accessToken>" }
mutation SignIn($input: LogInInput!) {
  logIn(input: $input) {
    __typename
    ... on LogInSuccess {
      session {
        accessToken
        accessTokenExpiresAt
        refreshToken
        user { id username }
      }
    }
    ... on Error { reason }
  }
}
`,
    variables: json({ input: { username: talker?.username ?? '', password: talker?.password ?? '' } }),
  },
  {
    query: `# 2. Your chats, the most recently active first. An id from here is what the next tabs take as chatId.
query MyChats {
  viewer { username }
  unreadCount
  chats(first: 10) {
    nodes {
      id
      kind
      name
      unreadCount
      lastMessage { text sender { username } createdAt }
      members(first: 5) { nodes { user { username } } }
    }
  }
}
`,
    variables: '{}',
  },
  {
    query: `# 3. The newest messages of one chat, oldest first. For the page before: before: <startCursor>.
query History($chatId: ID!, $before: String) {
  chat(id: $chatId) {
    name
    cursor
    messages(last: 20, before: $before) {
      nodes { seq sender { username } text isEdited isDeleted createdAt }
      pageInfo { hasPreviousPage startCursor }
    }
  }
}
`,
    variables: json({ chatId: talker?.chatId ?? '', before: null }),
  },
  {
    query: `# 4. Say something. With a clientMessageId of your own, sending again after a timeout never sends twice.
mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on SendMessageSuccess { deduplicated message { id seq text createdAt } }
    ... on Error { reason }
  }
}
`,
    variables: json({ input: { chatId: talker?.chatId ?? '', text: 'Hello from GraphiQL' } }),
  },
  {
    query: `# 5. The chat, live. With after it begins behind that cursor: what you have sent comes first, then ChatReady, then
# whatever happens. Open this page in a second window, sign in there as ${talker?.otherUsername ?? 'somebody else'}
# (the same password will not do: the server has printed everybody's at its start), and press run in Send: it appears here.
# Store the last cursor you have seen: a connection that drops goes on from there, with nothing missed.
subscription Follow($chatId: ID!, $after: Cursor) {
  chatEvents(chatId: $chatId, after: $after) {
    __typename
    ... on DurableEvent { seq cursor }
    ... on MessageSent { message { text sender { username } } }
    ... on MessageEdited { message { seq text } }
    ... on MessagesDeleted { messageIds }
    ... on TypingChanged { user { username } isTyping }
    ... on MessagesRead { user { username } lastReadSeq }
    ... on ChatReady { headSeq unreadCount }
    ... on SubscriptionEnded { code reason }
  }
}
`,
    variables: json({ chatId: talker?.chatId ?? '', after: talker?.cursor ?? null }),
  },
];
