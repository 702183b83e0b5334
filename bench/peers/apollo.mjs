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
import { SUBSCRIPTION_TYPES, userOf } from './messages.mjs';
import { listen, servePeer } from './serve.mjs';

servePeer(async ({ secret }) => {
  const eventEmitter = new EventEmitter();
  eventEmitter.setMaxListeners(0); // else Node warns of more than ten followers
  const pubsub = new PubSub({ eventEmitter });
  const schema = makeExecutableSchema({
    typeDefs: `type Query { hello: String } ${SUBSCRIPTION_TYPES}`,
    resolvers: {
      Subscription: {
        chatEvents: { subscribe: (_root, { chatId }) => pubsub.asyncIterableIterator(`chatEvents ${chatId}`) },
      },
    },
  });
  const app = express();
  const httpServer = createServer(app);
  const sockets = new WebSocketServer({ server: httpServer, path: '/graphql' });
  useServer(
    {
      schema,
      onConnect: ({ connectionParams, extra }) => {
        extra.userId = userOf(connectionParams?.authorization, secret);
      },
      context: ({ extra }) => ({ userId: extra.userId }),
    },
    sockets,
  );
  const server = new ApolloServer({ schema, plugins: [ApolloServerPluginDrainHttpServer({ httpServer })] });
  await server.start();
  const context = ({ req }) => ({ userId: userOf(req.headers.authorization, secret) });
  app.use('/graphql', express.json(), expressMiddleware(server, { context }));
  return {
    port: await listen(httpServer),
    publish: (chatId, event) => pubsub.publish(`chatEvents ${chatId}`, { chatEvents: event }),
  };
});
