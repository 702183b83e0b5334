/** What GraphiQL shows first: a conversation, one tab for each step. */

export interface GraphiqlTab {
  /** Its operation's name. */
  title: string;
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
    title: 'SignIn',
    query: `# 1. Press run. From then on this page sends the token along,
#    until it is closed. Then go from tab to tab and press run.
#
# Where the token goes: into a header, which may also be
# written into the Headers tab below:
#   { "Authorization": "Bearer <accessToken>" }
# and over a WebSocket into the connectionParams:
#   { "authorization": "Bearer <accessToken>" }
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
    title: 'MyChats',
    query: `# 2. Your chats, those that something was last said in first.
#    Their ids are what the next tabs take as chatId.
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
    title: 'History',
    query: `# 3. The newest messages of one chat, oldest first.
#    The page before it: put startCursor into before.
query History($chatId: ID!, $before: String) {
  chat(id: $chatId) {
    name
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
    title: 'Send',
    query: `# 4. Say something. Programs add a clientMessageId of their own:
#    sending again after a timeout then never sends twice.
mutation Send($input: SendMessageInput!) {
  sendMessage(input: $input) {
    __typename
    ... on SendMessageSuccess {
      deduplicated
      message { id seq text createdAt }
    }
    ... on Error { reason }
  }
}
`,
    variables: json({ input: { chatId: talker?.chatId ?? '', text: 'Hello from GraphiQL' } }),
  },
  {
    title: 'Follow',
    query: `# 5. The chat, live. It begins after the cursor below: first
#    what was sent since, yours too, then ChatReady, then whatever
#    happens, until you press stop.
#
# Open this page in a second window, sign in there as ${talker?.otherUsername ?? 'somebody else'}
# (the passwords were printed when the server started) and run
# Send: it appears here.
#
# A program keeps the last cursor that it has seen: after a
# connection that dropped, it goes on from there, missing nothing.
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
