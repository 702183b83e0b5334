/** What an operation may do to the WebSocket that it came over. */
import { credentialKey } from '../domain/credential-facts.js';
import { InvalidTokenError } from '../domain/errors.js';
import type { Sessions } from '../domain/sessions.js';
import type { Connection } from '../graphql/context.js';
import type { Lease } from './lease.js';

/** @param lease undefined where nobody is signed in, or not any more */
export const createConnection = (
  sessions: Pick<Sessions, 'authenticate'>,
  lease: () => Lease | undefined,
): Connection => ({
  renew: async (accessToken) => {
    const viewer = await sessions.authenticate(accessToken);
    const current = lease();
    const isOwn = viewer && current && credentialKey(viewer.credential) === credentialKey(current.viewer.credential);
    if (!isOwn) throw new InvalidTokenError();
    current.renew(viewer);
    return current.viewer.expiresAt!;
  },
});
