/** Accounts on a database of a test file's own, without the server around them. */
import { onTestFinished } from 'vitest';
import type { Bus } from '../../src/bus/bus.js';
import { createMemoryBus } from '../../src/bus/memory.js';
import { createMemoryRateLimits } from '../../src/bus/memory-rate-limits.js';
import type { Database } from '../../src/db/database.js';
import { createAccounts } from '../../src/domain/accounts.js';
import { createApiTokens } from '../../src/domain/api-tokens.js';
import { createAuthentication } from '../../src/domain/authentication.js';
import { createAdministration } from '../../src/domain/administration.js';
import type { CredentialFactsCacheOptions } from '../../src/domain/credential-facts.js';
import { createCredentials } from '../../src/domain/credentials.js';
import { createPasswords } from '../../src/domain/passwords.js';
import { createRateLimits, type RateLimitSettings } from '../../src/domain/rate-limits.js';
import { createSessions } from '../../src/domain/sessions.js';
import { createTokens } from '../../src/domain/tokens.js';
import { createTrustedTokens } from '../../src/domain/trusted-tokens.js';
import { createTrustedUsers } from '../../src/domain/trusted-users.js';
import { createUserAdministration } from '../../src/domain/user-administration.js';
import { createUsers } from '../../src/domain/users.js';
import { readTrustedKeys } from '../../src/trusted-keys.js';
import { shop } from './trusted.js';

export const somewhere = { address: '192.0.2.1' };
export const testSecret = 'a secret that is only ever used in tests';

interface AccountNodeOptions {
  bus?: Bus;
  limits?: Partial<RateLimitSettings>;
  cache?: CredentialFactsCacheOptions;
  onError?: (error: unknown) => void;
}

const fail = (error: unknown) => {
  throw error;
};

/** What one node knows of accounts; gone when the test is. */
export const accountNode = async (
  db: Database,
  { bus = createMemoryBus(fail), limits, cache, onError = fail }: AccountNodeOptions = {},
) => {
  const tokens = createTokens({ secret: testSecret, accessTokenMinutes: 15 });
  const credentials = createCredentials({ db, bus, cache, onError });
  const sessions = createSessions({ db, credentials, tokens, refreshTokenDays: 30 });
  await credentials.start();
  const apiTokens = createApiTokens({ db, credentials, onError });
  const trusted = {
    tokens: createTrustedTokens({
      keys: readTrustedKeys(shop.trustedKey),
      issuer: shop.trustedIssuer,
      audience: shop.trustedAudience,
      userClaim: 'sub',
    }),
    users: createTrustedUsers(db),
  };
  const authentication = createAuthentication({ credentials, tokens, sessions, apiTokens, trusted });
  const passwords = createPasswords();
  const store = createMemoryRateLimits();
  const rateLimits = createRateLimits(store, {
    messagesPerMinute: 10,
    editsPerMinute: 30,
    typingPerMinute: 120,
    directChatsPerMinute: 10,
    signInsPerMinute: 30,
    registrationsPerHour: 0,
    ...limits,
  });
  onTestFinished(async () => {
    await apiTokens.drain();
    credentials.close();
    store.close();
  });
  const accounts = createAccounts({ db, sessions, passwords, limits: rateLimits, passwordLogin: true });
  const administration = createAdministration({ db, sessions, passwords });

  return {
    accounts,
    administration,
    apiTokens,
    authentication,
    credentials,
    passwords,
    sessions,
    tokens,
    userAdministration: createUserAdministration({ db, sessions }),
    users: createUsers(db),
    /** Registers someone whose password is `passwordOf(username)`. */
    person: (username: string) =>
      accounts.register(
        { username, password: passwordOf(username), email: `${username}@example.org` },
        { address: null },
      ),
  };
};

export type AccountNode = Awaited<ReturnType<typeof accountNode>>;

export const passwordOf = (username: string): string => `the password of ${username}`;
