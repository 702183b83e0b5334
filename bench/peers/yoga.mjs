// graphql-yoga as its documentation has it: its own pub/sub, graphql-ws over ws, Server-Sent Events built in.
import { createPubSub } from 'graphql-yoga';
import { schemaOf } from './messages.mjs';
import { createReads } from './reads.mjs';
import { servePeer } from './serve.mjs';
import { listenByYoga } from './yoga-server.mjs';

servePeer(async (options) => {
  const pubSub = createPubSub();
  const port = await listenByYoga({
    secret: options.secret,
    ...schemaOf(options, {
      subscribe: (_root, { chatId }) => pubSub.subscribe('chatEvents', chatId),
      resolve: (event) => event,
    }),
    context: createReads(options.databaseUrl),
  });
  return { port, publish: (chatId, event) => pubSub.publish('chatEvents', chatId, event) };
});
