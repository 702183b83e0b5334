/** A subscription whose type has no member for its end signals it by a last result that is an error. */
import { GraphQLError } from 'graphql';
import type { EndCode } from '../domain/streams/stream-item.js';

export const subscriptionEnded = (endCode: EndCode | 'RESYNC_REQUIRED', reason: string): GraphQLError =>
  new GraphQLError(reason, { extensions: { code: 'SUBSCRIPTION_ENDED', endCode } });
