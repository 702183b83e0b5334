import introspection from '@parley-chat/client/introspection.json';
import { forwardSubscription, keys, resolvers, updates } from '@parley-chat/client/urql';
import { cacheExchange } from '@urql/exchange-graphcache';
import { Client, subscriptionExchange } from 'urql';
import { connect } from './session';

let client: Client | undefined;

/** Made once somebody is signed in. */
export const urql = (): Client =>
  (client ??= new Client({
    url: 'everything goes over the socket',
    preferGetMethod: false,
    exchanges: [
      cacheExchange({ schema: introspection, keys, resolvers, updates }),
      subscriptionExchange({ enableAllOperations: true, forwardSubscription: forwardSubscription(connect()) }),
    ],
  }));
