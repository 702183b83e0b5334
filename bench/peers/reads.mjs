// What peers read: Parley's own tables, by as few statements as its own, one for each level of a query, through DataLoader.
import DataLoader from 'dataloader';
import pg from 'pg';

export const READ_TYPES = /* GraphQL */ `
  type Query {
    chat(id: ID!): Chat
    chats(first: Int!): ChatConnection!
  }
  type PageInfo {
    hasPreviousPage: Boolean!
    startCursor: String
  }
  type Chat {
    id: ID!
    name: String
    unreadCount: Int!
    lastMessage: Message
    members(first: Int!): ChatMemberConnection!
    messages(last: Int!): MessageConnection!
  }
  type ChatConnection {
    nodes: [Chat!]!
  }
  type ChatMember {
    lastReadSeq: Int!
    user: User!
  }
  type ChatMemberConnection {
    nodes: [ChatMember!]!
  }
  type MessageConnection {
    nodes: [Message!]!
    pageInfo: PageInfo!
  }
`;

// Nobody reads a chat without being in it.
const CHAT = {
  name: 'chat',
  text: `SELECT chat.id, name, message_count - read_count - (sent_count - read_sent_count) AS unread
    FROM chat JOIN member ON chat_id = chat.id AND user_id = $2 WHERE chat.id = $1`,
};
const CHATS = {
  name: 'chats',
  text: `SELECT chat.id, name, message_count - read_count - (sent_count - read_sent_count) AS unread
    FROM member JOIN chat ON chat.id = chat_id WHERE user_id = $1 ORDER BY activity_at DESC, chat.id DESC LIMIT $2`,
};
const MESSAGES = {
  name: 'messages',
  text: `SELECT chat_id, seq, text, created_at, sender_id FROM message WHERE chat_id = $1 ORDER BY seq DESC LIMIT $2`,
};
const LAST_MESSAGES = {
  name: 'last messages',
  text: `SELECT message.* FROM unnest($1::bigint[]) AS asked(id), LATERAL (
    SELECT chat_id, seq, text, created_at, sender_id FROM message WHERE chat_id = asked.id ORDER BY seq DESC LIMIT 1) AS message`,
};
const MEMBERS = {
  name: 'members',
  text: `SELECT member.* FROM unnest($1::bigint[]) AS asked(id), LATERAL (
    SELECT chat_id, user_id, last_read_seq FROM member WHERE chat_id = asked.id ORDER BY joined_at, user_id LIMIT $2) AS member`,
};
const USERS = { name: 'users', text: `SELECT id, username FROM "user" WHERE id = ANY($1::bigint[])` };

const globalId = (type, key) => Buffer.from(`${type}:${key}`).toString('base64');
const keyOf = (id) => Buffer.from(id, 'base64').toString().slice('Chat:'.length);

export const READ_RESOLVERS = {
  Query: {
    chat: async (_root, { id }, { pool, userId }) =>
      (await pool.query({ ...CHAT, values: [keyOf(id), userId] })).rows[0] ?? null,
    chats: async (_root, { first }, { pool, userId }) => ({
      nodes: (await pool.query({ ...CHATS, values: [userId, first] })).rows,
    }),
  },
  Chat: {
    id: (chat) => globalId('Chat', chat.id),
    unreadCount: (chat) => chat.unread,
    lastMessage: (chat, _args, { loaders }) => loaders.lastMessages.load(chat.id),
    members: async (chat, { first }, { loaders }) => ({ nodes: await loaders.members(first).load(chat.id) }),
    messages: async (chat, { last }, { pool }) => {
      const { rows } = await pool.query({ ...MESSAGES, values: [chat.id, last + 1] });
      const nodes = rows.slice(0, last).reverse();
      const startCursor = nodes.length > 0 ? Buffer.from(String(nodes[0].seq)).toString('base64') : null;
      return { nodes, pageInfo: { hasPreviousPage: rows.length > last, startCursor } };
    },
  },
  ChatMember: {
    lastReadSeq: (member) => member.last_read_seq,
    user: (member, _args, { loaders }) => loaders.users.load(member.user_id),
  },
  Message: {
    id: (message) => globalId('Message', `${message.chat_id}:${message.seq}`),
    createdAt: (message) => message.created_at.toISOString(),
    sender: (message, _args, { loaders }) => loaders.users.load(message.sender_id),
  },
  User: { id: (user) => globalId('User', user.id) },
};

/** @returns what a request's context needs of it; undefined without a database */
export const createReads = (databaseUrl) => {
  if (databaseUrl === undefined) return undefined;
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 }); // as Parley's own
  const rowsBy = (column, rows) => {
    const found = new Map();
    for (const row of rows) {
      const those = found.get(row[column]);
      if (those === undefined) found.set(row[column], [row]);
      else those.push(row);
    }
    return found;
  };
  const createLoaders = () => {
    const members = new Map();
    return {
      users: new DataLoader(async (ids) => {
        const found = rowsBy('id', (await pool.query({ ...USERS, values: [ids] })).rows);
        return ids.map((id) => found.get(id)[0]);
      }),
      lastMessages: new DataLoader(async (ids) => {
        const found = rowsBy('chat_id', (await pool.query({ ...LAST_MESSAGES, values: [ids] })).rows);
        return ids.map((id) => found.get(id)?.[0] ?? null);
      }),
      members: (first) => {
        if (!members.has(first))
          members.set(
            first,
            new DataLoader(async (ids) => {
              const found = rowsBy('chat_id', (await pool.query({ ...MEMBERS, values: [ids, first] })).rows);
              return ids.map((id) => found.get(id) ?? []);
            }),
          );
        return members.get(first);
      },
    };
  };
  return () => ({ pool, loaders: createLoaders() });
};
