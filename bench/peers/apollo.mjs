// Apollo Server as its documentation has subscriptions: Express, graphql-ws over ws, the PubSub of graphql-subscriptions.
import { EventEmitter } from 'node:events';
import { createServer } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginDrainHttpServer } from '@apollo/server/plugin/drainHttpServer';
import { expressMiddleware } from '@as-integrations/express5';
import { makeExecutableSchema } from '@graphql-tools/schema';
import express from 'express';
import { PubSub } from 'graphql-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { schemaOf, userOf } from './messages.mjs';
import { createReads } from './reads.mjs';
import { listen, servePeer } from './serve.mjs';

servePeer(async (options) => {
  const { secret } = options;
  const eventEmitter = new EventEmitter();
  eventEmitter.setMaxListeners(0); // else Node warns of more than ten followers
  const pubsub = new PubSub({ eventEmitter });
  const schema = makeExecutableSchema(
    schemaOf(options, { subscribe: (_root, { chatId }) => pubsub.asyncIterableIterator(`chatEvents ${chatId}`) }),
  );
  const reads = createReads(options.databaseUrl);
  const app = express();
  const httpServer = createServer(app);
  const sockets = new WebSocketServer({ server: httpServer, path: '/graphql' });
  useServer(
    {
      schema,
      onConnect: ({ connectionParams, extra }) => {
        extra.userId = userOf(connectionParams?.authorization, secret);
      },
      context: ({ extra }) => ({ userId: extra.userId, ...reads?.() }),
    },
    sockets,
  );
  const server = new ApolloServer({ schema, plugins: [ApolloServerPluginDrainHttpServer({ httpServer })] });
  await server.start();
  const context = async ({ req }) => ({ userId: userOf(req.headers.authorization, secret), ...reads?.() });
  app.use('/graphql', express.json(), expressMiddleware(server, { context }));
  return {
    port: await listen(httpServer),
    publish: (chatId, event) => pubsub.publish(`chatEvents ${chatId}`, { chatEvents: event }),
  };
});
