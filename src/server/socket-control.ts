/** What an operation may do to its own WebSocket. */
import { credentialKey } from '../domain/accounts/credential-facts.js';
import { InvalidTokenError } from '../domain/errors.js';
import type { Authentication } from '../domain/accounts/authentication.js';
import type { SocketControl } from '../graphql/context.js';
import type { Lease } from './lease.js';

/** @param lease undefined if nobody is signed in */
export const createSocketControl = (
  authentication: Pick<Authentication, 'byAccessToken'>,
  lease: () => Lease | undefined,
): SocketControl => ({
  renew: async (accessToken) => {
    const shown = await authentication.byAccessToken(accessToken);
    const current = lease();
    if ('refusal' in shown || current === undefined) throw new InvalidTokenError();
    if (credentialKey(shown.viewer.credential) !== credentialKey(current.viewer.credential))
      throw new InvalidTokenError();
    current.renew(shown.viewer);
    return current.viewer.expiresAt!;
  },
});
