/**
 * urql over one socket: subscriptions to `events` and `chatEvents` miss nothing, and graphcache's lists are kept up to date.
 *
 *     const client = new Client({
 *       url: '…/graphql',
 *       exchanges: [
 *         cacheExchange({ schema, keys, resolvers, updates }),
 *         subscriptionExchange({ enableAllOperations: true, forwardSubscription: forwardSubscription(connection) }),
 *       ],
 *     });
 *     useSubscription({ query: EVENTS, context: followFrom(data.chats.nodes) }); // the same object each time: useMemo
 */
import { stringifyDocument, type SubscriptionForwarder } from '@urql/core';
import type { Client } from 'graphql-ws';
import { createFollower, followableOf } from './followable.js';

export { followFrom } from './followable.js';
export { keys, updates } from './graphcache.js';
export { resolvers } from './graphcache-pages.js';

/** For urql's `subscriptionExchange`. Operations that are not followed go over the same socket unchanged. */
export const forwardSubscription = (client: Client): SubscriptionForwarder => {
  const follower = createFollower(client);
  return ({ query = '', variables, operationName, extensions }, { query: document, context }) => ({
    subscribe: (sink) => {
      const followable = followableOf(document);
      const given = (variables ?? {}) as Record<string, unknown>;
      if (followable === null) {
        const target = { ...sink, next: (result: unknown) => sink.next(result as never) };
        return { unsubscribe: client.subscribe({ query, variables: given, operationName, extensions }, target) };
      }
      const text = stringifyDocument(followable.document);
      const unsubscribe = follower.subscribe(
        { followable, query: text, variables: given, operationName, extensions, after: context.after },
        {
          onEvent: (event) => sink.next({ data: { [followable.key]: event } }),
          // A list: urql treats it as errors from the server.
          onRefused: (code, reason) => sink.error([{ message: reason, extensions: { code } }]),
          onComplete: () => sink.complete(),
        },
      );
      return { unsubscribe };
    },
  });
};
