/**
 * Apollo Client over one socket: subscriptions to `events` and `chatEvents` miss nothing, and the lists on screen are kept up to date.
 *
 *     const client = new ApolloClient({
 *       link: createFollowLink(createConnection({ … })),
 *       cache: new InMemoryCache({ possibleTypes, typePolicies }),
 *     });
 *     useSubscription(EVENTS, { context: followFrom(data.chats.nodes) });
 */
import { ApolloLink, CombinedGraphQLErrors, Observable, type ApolloCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { print } from '@apollo/client/utilities';
import type { Client } from 'graphql-ws';
import { putEvent } from './apollo-events.js';
import { createFollower, followableOf } from './followable.js';

export { putEvent, putMessage } from './apollo-events.js';
export { typePolicies } from './apollo-pages.js';
export { followFrom } from './followable.js';

/** A terminating link. Operations that are not followed go over the same socket unchanged, as with GraphQLWsLink. */
export const createFollowLink = (client: Client): ApolloLink => {
  const socket = new GraphQLWsLink(client);
  const follower = createFollower(client);
  return new ApolloLink((operation) => {
    const followable = followableOf(operation.query);
    if (followable === null) return socket.request(operation);
    const { variables, operationName, extensions } = operation;
    const { after } = operation.getContext();
    const query = print(followable.document);
    return new Observable((observer) =>
      follower.subscribe(
        { followable, query, variables, operationName, extensions, after },
        {
          onEvent: (event) => {
            // Normalised first, then put into lists.
            observer.next({ data: { [followable.key]: event } });
            const put = (cache: ApolloCache) => putEvent(cache, event, followable.field === 'events');
            // Queries that show the forgotten fields fetch again, even if a page of them is in flight.
            if (event.__typename === 'ResyncRequired') void operation.client.refetchQueries({ updateCache: put });
            else put(operation.client.cache);
          },
          onRefused: (code, reason) =>
            observer.error(new CombinedGraphQLErrors({ errors: [{ message: reason, extensions: { code } }] })),
          onComplete: () => observer.complete(),
        },
      ),
    );
  });
};
