/** Accounts on a database of a test file's own, without the server around them. */
import { onTestFinished } from 'vitest';
import type { Bus } from '../../src/bus/bus.js';
import { createMemoryBus } from '../../src/bus/memory.js';
import { createMemoryRateLimits } from '../../src/bus/memory-rate-limits.js';
import type { Database } from '../../src/db/database.js';
import { createAccounts } from '../../src/domain/accounts/accounts.js';
import { createApiTokens } from '../../src/domain/accounts/api-tokens.js';
import { createAuthentication } from '../../src/domain/accounts/authentication.js';
import { createAdministration } from '../../src/domain/accounts/administration.js';
import type { CredentialFactsCacheOptions } from '../../src/domain/accounts/credential-facts.js';
import { createCredentials } from '../../src/domain/accounts/credentials.js';
import { createPasswords } from '../../src/domain/accounts/passwords.js';
import { createRateLimits, type RateLimitSettings } from '../../src/domain/rate-limits.js';
import { createSessions, type ReusedToken } from '../../src/domain/accounts/sessions.js';
import { createTokens } from '../../src/domain/accounts/tokens.js';
import { createTrustedTokens } from '../../src/domain/accounts/trusted-tokens.js';
import { createTrustedUsers } from '../../src/domain/accounts/trusted-users.js';
import { createUserUpserts } from '../../src/domain/accounts/upsert-users.js';
import { createUserAdministration } from '../../src/domain/accounts/user-administration.js';
import { createUserTokens } from '../../src/domain/accounts/user-tokens.js';
import { createUsers } from '../../src/domain/accounts/users.js';
import { readTrustedKeys } from '../../src/trusted-keys.js';
import { shop } from './trusted.js';

export const somewhere = { address: '192.0.2.1' };
export const testSecret = 'a secret that is only ever used in tests';

interface AccountNodeOptions {
  bus?: Bus;
  limits?: Partial<RateLimitSettings>;
  cache?: CredentialFactsCacheOptions;
  onError?: (error: unknown) => void;
  sessionDaysMax?: number;
}

const fail = (error: unknown) => {
  throw error;
};

/** What one node knows of accounts; gone when the test is. */
export const accountNode = async (
  db: Database,
  { bus = createMemoryBus(fail), limits, cache, onError = fail, sessionDaysMax = 365 }: AccountNodeOptions = {},
) => {
  const tokens = createTokens({ secret: testSecret, accessTokenMinutes: 15 });
  const credentials = createCredentials({ db, bus, cache, onError });
  const reused: ReusedToken[] = [];
  const sessions = createSessions({
    db,
    credentials,
    tokens,
    refreshTokenDays: 30,
    sessionDaysMax,
    onReuse: (token) => reused.push(token),
  });
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
    /** Sessions that ended as a used refresh token was shown. */
    reused,
    sessions,
    tokens,
    userAdministration: createUserAdministration({ db, sessions }),
    userTokens: createUserTokens(db, tokens),
    userUpserts: createUserUpserts({ db, sessions }),
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

/** As access tokens name a session that was just opened. */
export const newSession = (id: string) => ({ id, rotation: 0, endsAt: new Date(Date.now() + 86_400_000) });

export const passwordOf = (username: string): string => `the password of ${username}`;
