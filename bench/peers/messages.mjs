// What all peers deliver: the same fields, and about the same bytes, as Parley.
import jwt from 'jsonwebtoken';
import { READ_RESOLVERS, READ_TYPES } from './reads.mjs';

export const MESSAGE_TYPES = /* GraphQL */ `
  type User {
    id: ID!
    username: String!
  }
  type Message {
    id: ID!
    seq: Int!
    text: String
    createdAt: String!
    sender: User!
  }
  type MessageSent {
    seq: Int!
    cursor: String!
    chatId: ID!
    message: Message!
  }
  type Subscription {
    chatEvents(chatId: ID!): MessageSent!
  }
`;

/**
 * A peer's schema: its subscription, and queries where it has a database. Messages that are delivered have all fields already, so
 * that without a database nothing resolves them.
 */
export const schemaOf = ({ databaseUrl }, chatEvents) => ({
  typeDefs: `${MESSAGE_TYPES} ${databaseUrl === undefined ? 'type Query { hello: String }' : READ_TYPES}`,
  resolvers: { ...(databaseUrl === undefined ? {} : READ_RESOLVERS), Subscription: { chatEvents } },
});

const id = (type, key) => Buffer.from(`${type}:${key}`).toString('base64');

/** Numbers the messages of each chat, which costs no database. */
export const createMessages = (usualText) => {
  const heads = new Map();
  return {
    next: (chatId, text = usualText) => {
      const seq = (heads.get(chatId) ?? 0) + 1;
      heads.set(chatId, seq);
      return {
        __typename: 'MessageSent',
        seq,
        cursor: Buffer.from(`${chatId}:${seq}:123456789`).toString('base64'),
        chatId,
        message: {
          id: id('Message', `1:${seq}`),
          seq,
          text,
          createdAt: new Date().toISOString(),
          sender: { id: id('User', 1), username: 'sender' },
        },
      };
    },
  };
};

/** @returns the user that a token is for; throws if its signature is not right */
export const userOf = (authorization, secret) => {
  const token = String(authorization).replace(/^Bearer /, '');
  return jwt.verify(token, secret, { algorithms: ['HS256'], issuer: 'parley', audience: 'parley' }).sub;
};
