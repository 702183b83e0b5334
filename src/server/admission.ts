/** From a caller to the context of an operation: who they are, and what the resolvers learn of them. */
import { randomUUID } from 'node:crypto';
import type { Request } from '../graphql/context.js';
import type { Logger } from '../log-line.js';
import { idsOf, type Caller } from './caller.js';
import { reasonOf } from './credential.js';
import { unauthenticated } from './faults.js';
import { lazyLogger } from './lazy-logger.js';

/**
 * @param needsNoCredential whether the operation ignores it, as those for signing in do
 * @throws GraphQLError if the credential is refused
 */
export const authenticate = async (caller: Caller, needsNoCredential: boolean): Promise<void> => {
  if (needsNoCredential) return;
  const authentication = await caller.authenticate();
  if ('refusal' in authentication) throw unauthenticated(reasonOf(authentication));
  caller.viewer = authentication.viewer;
};

export const requestOf = (caller: Caller, logger: Logger): Request => ({
  viewer: caller.viewer,
  present: () => caller.lease?.viewer ?? caller.viewer,
  requestId: caller.requestId,
  transport: caller.transport,
  address: caller.address,
  carrierId: caller.socketId ?? randomUUID(),
  ending: caller.ending,
  socket: caller.socket,
  eventIds: caller.eventIds,
  logger: lazyLogger(logger, () => idsOf(caller)),
});
