// graphql-yoga as its documentation has it: its own pub/sub, graphql-ws over ws, Server-Sent Events built in.
import { createPubSub } from 'graphql-yoga';
import { SUBSCRIPTION_TYPES } from './messages.mjs';
import { servePeer } from './serve.mjs';
import { listenByYoga } from './yoga-server.mjs';

servePeer(async ({ secret }) => {
  const pubSub = createPubSub();
  const port = await listenByYoga({
    secret,
    typeDefs: `type Query { hello: String } ${SUBSCRIPTION_TYPES}`,
    resolvers: {
      Subscription: {
        chatEvents: {
          subscribe: (_root, { chatId }) => pubSub.subscribe('chatEvents', chatId),
          resolve: (event) => event,
        },
      },
    },
  });
  return { port, publish: (chatId, event) => pubSub.publish('chatEvents', chatId, event) };
});
