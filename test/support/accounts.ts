/** Accounts on a database of a test file's own, without the server around them. */
import type { Database } from '../../src/db/database.js';
import { createAdministration } from '../../src/domain/accounts/administration.js';
import { domainNode, type DomainNodeOptions } from './domain.js';

export const somewhere = { address: '192.0.2.1' };

/** What one node knows of accounts; gone when the test is. */
export const accountNode = async (db: Database, options?: DomainNodeOptions) => {
  const node = await domainNode(db, options);
  return {
    ...node,
    administration: createAdministration(node),
    /** Registers someone whose password is `passwordOf(username)`. */
    person: (username: string) =>
      node.accounts.register(
        { username, password: passwordOf(username), email: `${username}@example.org` },
        { address: null },
      ),
  };
};

export type AccountNode = Awaited<ReturnType<typeof accountNode>>;

/** As access tokens name a session that was just opened. */
export const newSession = (id: string) => ({ id, rotation: 0, endsAt: new Date(Date.now() + 86_400_000) });

export const passwordOf = (username: string): string => `the password of ${username}`;
