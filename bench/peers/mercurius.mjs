// Mercurius on Fastify as its documentation has it: its own pub/sub, JIT compilation from the second execution on.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { schemaOf, userOf } from './messages.mjs';
import { createReads } from './reads.mjs';
import { servePeer } from './serve.mjs';

servePeer(async (options) => {
  const { secret } = options;
  const { typeDefs, resolvers } = schemaOf(options, {
    subscribe: (_root, { chatId }, { pubsub }) => pubsub.subscribe(`chatEvents ${chatId}`),
  });
  const reads = createReads(options.databaseUrl);
  const app = Fastify();
  await app.register(mercurius, {
    schema: typeDefs,
    resolvers,
    jit: 1,
    context: (request) => ({ userId: userOf(request.headers.authorization, secret), ...reads?.() }),
    subscription: {
      onConnect: ({ payload }) => ({ userId: userOf(payload?.authorization, secret) }),
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    port: app.server.address().port,
    publish: (chatId, event) =>
      app.graphql.pubsub.publish({ topic: `chatEvents ${chatId}`, payload: { chatEvents: event } }),
  };
});
