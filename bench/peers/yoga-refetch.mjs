// Yoga with a table of messages, for clients that lose their socket: they subscribe again, then query what they missed.
import { setMaxListeners } from 'node:events';
import { createPubSub } from 'graphql-yoga';
import pg from 'pg';
import { MESSAGE_TYPES } from './messages.mjs';
import { servePeer } from './serve.mjs';
import { listenByYoga } from './yoga-server.mjs';

const TABLES = `
CREATE TABLE person (id bigint PRIMARY KEY, username text NOT NULL);
INSERT INTO person VALUES (1, 'sender');
CREATE TABLE message (chat_id text NOT NULL, seq int NOT NULL, text text NOT NULL, created_at timestamptz NOT NULL,
  sender_id bigint NOT NULL REFERENCES person (id), PRIMARY KEY (chat_id, seq))`;
const INSERT = {
  name: 'insert',
  text: 'INSERT INTO message (chat_id, seq, text, created_at, sender_id) VALUES ($1, $2, $3, $4, 1)',
};
const MISSED = {
  name: 'missed',
  text: `SELECT seq, text, created_at, sender_id, username FROM message JOIN person ON person.id = sender_id
    WHERE chat_id = $1 AND seq > $2 ORDER BY seq LIMIT 500`,
};

const globalId = (type, key) => Buffer.from(`${type}:${key}`).toString('base64');

servePeer(async ({ secret, databaseUrl }) => {
  setMaxListeners(0); // else Node warns of more than ten followers
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 }); // as Parley's own
  await pool.query(TABLES);
  const pubSub = createPubSub();
  const port = await listenByYoga({
    secret,
    typeDefs: `type Query { missed(chatId: ID!, afterSeq: Int!): [MessageSent!]! } ${MESSAGE_TYPES}`,
    resolvers: {
      Query: {
        missed: async (_root, { chatId, afterSeq }) => {
          const { rows } = await pool.query({ ...MISSED, values: [chatId, afterSeq] });
          return rows.map(({ seq, text, created_at, sender_id, username }) => ({
            seq,
            cursor: globalId(chatId, seq),
            chatId,
            message: {
              id: globalId('Message', `${chatId}:${seq}`),
              seq,
              text,
              createdAt: created_at.toISOString(),
              sender: { id: globalId('User', sender_id), username },
            },
          }));
        },
      },
      Subscription: {
        chatEvents: {
          subscribe: (_root, { chatId }) => pubSub.subscribe('chatEvents', chatId),
          resolve: (event) => event,
        },
      },
    },
  });
  return {
    port,
    publish: async (chatId, event) => {
      const { seq, text, createdAt } = event.message;
      await pool.query({ ...INSERT, values: [chatId, seq, text, createdAt] });
      pubSub.publish('chatEvents', chatId, event);
    },
  };
});
