import { ApolloClient, InMemoryCache } from '@apollo/client';
import { createFollowLink, typePolicies } from '@parley-chat/client/apollo';
import possibleTypes from '@parley-chat/client/possibleTypes.json';
import { connect } from './session';

let client: ApolloClient | undefined;

/** Made once somebody is signed in. */
export const apollo = (): ApolloClient =>
  (client ??= new ApolloClient({
    link: createFollowLink(connect()),
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
  }));
