// Mercurius on Fastify as its documentation has it: its own pub/sub, JIT compilation from the first execution on.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { SUBSCRIPTION_TYPES, userOf } from './messages.mjs';
import { servePeer } from './serve.mjs';

servePeer(async ({ secret }) => {
  const app = Fastify();
  await app.register(mercurius, {
    schema: `type Query { hello: String } ${SUBSCRIPTION_TYPES}`,
    resolvers: {
      Subscription: {
        chatEvents: { subscribe: (_root, { chatId }, { pubsub }) => pubsub.subscribe(`chatEvents ${chatId}`) },
      },
    },
    jit: 1,
    context: (request) => ({ userId: userOf(request.headers.authorization, secret) }),
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
