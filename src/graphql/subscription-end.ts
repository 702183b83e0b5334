/** How those subscriptions tell their end whose type has no member for it: by one last result that is an error. */
import { GraphQLError } from 'graphql';
import type { EndCode } from '../domain/streams/stream-item.js';

export const subscriptionEnded = (endCode: EndCode | 'RESYNC_REQUIRED', reason: string): GraphQLError =>
  new GraphQLError(reason, { extensions: { code: 'SUBSCRIPTION_ENDED', endCode } });
