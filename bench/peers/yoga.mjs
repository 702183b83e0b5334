// graphql-yoga as its documentation has it: its own pub/sub, between nodes by its event target for Redis, graphql-ws over ws,
// Server-Sent Events built in.
import { setMaxListeners } from 'node:events';
import { createRedisEventTarget } from '@graphql-yoga/redis-event-target';
import { createPubSub } from 'graphql-yoga';
import { schemaOf } from './messages.mjs';
import { createReads } from './reads.mjs';
import { connectToRedis } from './redis.mjs';
import { servePeer } from './serve.mjs';
import { listenByYoga } from './yoga-server.mjs';

servePeer(async (options) => {
  setMaxListeners(0); // else Node warns of more than ten followers
  const { redisUrl } = options;
  const createEventTarget = () =>
    createRedisEventTarget({ publishClient: connectToRedis(redisUrl), subscribeClient: connectToRedis(redisUrl) });
  const pubSub = createPubSub(redisUrl === undefined ? undefined : { eventTarget: createEventTarget() });
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
