/** GraphiQL's initial tabs: a conversation, one tab for each step. */

export interface GraphiqlTab {
  /** The operation's name. */
  title: string;
  query: string;
  /** JSON. */
  variables: string;
}

/** Placeholder for a `clientMessageId`, which the page generates (`graphiql-helper.ts`). */
export const NEW_ID = 'new';

/** A demo user with a public password, and one of their chats. */
export interface Talker {
  username: string;
  password: string;
  /** The global ID. */
  chatId: string;
  /** The end of the chat's demo conversation. */
  cursor: string;
  /** The user for a second window. */
  otherUsername?: string;
}

const json = (variables: object) => JSON.stringify(variables, null, 2);

/** @param talker given if there is demo data that only this machine can reach; otherwise users fill in their own */
export const conversationTabs = (talker?: Talker): GraphiqlTab[] => [
  {
    title: 'SignIn',
    query: `# 1. Press run. From then on this page sends
#    the token along, also after a reload. Then
#    go from tab to tab and press run.
#
# Programs send it as a header, as you can in the
# Headers tab below:
#   { "Authorization": "Bearer <accessToken>" }
# and over a WebSocket in the connectionParams:
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
    query: `# 2. Your chats, the latest first. Their ids are
#    what the next tabs take as chatId.
query MyChats {
  viewer { username }
  unreadCount
  chats(first: 10) {
    nodes {
      id
      kind
      name
      unreadCount
      lastMessage {
        text
        sender { username }
        createdAt
      }
      members(first: 5) {
        nodes { user { username } }
      }
    }
  }
}
`,
    variables: '{}',
  },
  {
    title: 'History',
    query: `# 3. The newest messages of one chat, oldest
#    first. The page before it: put startCursor
#    into before.
query History($chatId: ID!, $before: String) {
  chat(id: $chatId) {
    name
    messages(last: 20, before: $before) {
      nodes {
        seq
        sender { username }
        text
        isEdited
        isDeleted
        createdAt
      }
      pageInfo { hasPreviousPage startCursor }
    }
  }
}
`,
    variables: json({ chatId: talker?.chatId ?? '', before: null }),
  },
  {
    title: 'Search',
    query: `# 4. Messages of all your chats by their words,
#    the newest first: in any case and inflection,
#    the last word also as a beginning. Quotes
#    hold words together. matches tells where the
#    words stand in the text.
query Search($query: String!) {
  searchMessages(query: $query, first: 10) {
    edges {
      matches
      node {
        text
        createdAt
        sender { username }
        chat { title }
      }
    }
    pageInfo { hasNextPage endCursor }
    indexedFrom
  }
}
`,
    variables: json({ query: 'festival' }),
  },
  {
    title: 'Send',
    query: `# 5. Say something. With a clientMessageId it is
#    safe to send again after a timeout. This page
#    makes a new one for each text: run it twice,
#    and it is sent once (deduplicated). Change
#    the text, and it is another message.
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
    variables: json({
      input: { chatId: talker?.chatId ?? '', text: 'Hello from GraphiQL', clientMessageId: NEW_ID },
    }),
  },
  {
    title: 'Follow',
    query: `# 6. The chat, live, from the cursor below on:
#    first what was sent since, yours too, then
#    ChatReady, then what happens, until you press
#    stop. This page lists the events, the newest
#    first; a program is sent one after the other.
#    Go to Send and back: it resumes.
#
# Open this page in a second window, sign in there
# as ${talker?.otherUsername ?? 'somebody else'} and run Send: it appears here.
# The server printed the passwords at its start.
#
# A program keeps the last cursor that it has
# seen: after a lost connection it resumes from
# there, missing nothing.
subscription Follow(
  $chatId: ID!
  $after: Cursor
) {
  chatEvents(chatId: $chatId, after: $after) {
    __typename
    ... on DurableEvent { seq cursor }
    ... on MessageSent {
      message { text sender { username } }
    }
    ... on MessageEdited { message { seq text } }
    ... on MessagesDeleted { messageIds }
    ... on TypingChanged {
      user { username }
      isTyping
    }
    ... on MessagesRead {
      user { username }
      lastReadSeq
    }
    ... on ChatReady { headSeq unreadCount }
    ... on SubscriptionEnded { code reason }
  }
}
`,
    variables: json({ chatId: talker?.chatId ?? '', after: talker?.cursor ?? null }),
  },
  {
    title: 'Reactions',
    query: `# 7. Replies, reactions and pins of the newest
#    messages. To add one, put a message's id into
#    messageId, and choose React at the button.
query Reactions($chatId: ID!) {
  chat(id: $chatId) {
    messages(last: 25) {
      nodes {
        id
        text
        replyTo { text sender { username } }
        replyCount
        reactions { emoji count isMine }
        mentions { username }
      }
    }
    pinnedMessages(first: 5) {
      nodes { text pinnedAt }
    }
  }
}

mutation React($input: ReactionInput!) {
  addReaction(input: $input) {
    __typename
    ... on AddReactionSuccess {
      message { reactions { emoji count } }
    }
    ... on Error { reason }
  }
}
`,
    variables: json({ chatId: talker?.chatId ?? '', input: { messageId: '', emoji: '👍' } }),
  },
  {
    title: 'Groups',
    query: `# 8. Open groups, which everyone may join with
#    joinChat, and an invite to a closed one:
#    who has its code joins with acceptInvite.
query Groups {
  openChats(first: 10) {
    nodes { id title description memberCount }
  }
}

mutation Invite($input: CreateInviteInput!) {
  createInvite(input: $input) {
    __typename
    ... on CreateInviteSuccess {
      invite { code url maxUses }
    }
    ... on Error { reason }
  }
}
`,
    variables: json({ input: { chatId: talker?.chatId ?? '', maxUses: 3 } }),
  },
  {
    title: 'Files',
    query: `# 9. The files of the newest messages, and a new
#    one: Upload answers with a url. PUT the bytes
#    there, with the headers:
#      curl -T hello.txt -H "Content-Type:
#        application/octet-stream" "<url>"
#    then name its id in attachmentIds of
#    sendMessage.
query Files($chatId: ID!) {
  chat(id: $chatId) {
    messages(last: 25) {
      nodes {
        text
        attachments {
          filename
          kind
          byteSize
          url
          thumbnailUrl(size: 320)
        }
      }
    }
  }
}

mutation Upload($upload: CreateUploadInput!) {
  createUpload(input: $upload) {
    __typename
    ... on CreateUploadSuccess {
      upload { id url headers expiresAt }
    }
    ... on Error { reason }
  }
}
`,
    variables: json({
      chatId: talker?.chatId ?? '',
      upload: { filename: 'hello.txt', byteSize: 6 },
    }),
  },
];
