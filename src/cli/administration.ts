/** Account management from the command line. A running server learns of the changes from the database within a second. */
import { randomBytes } from 'node:crypto';
import { createMemoryBus } from '../bus/memory.js';
import type { Database } from '../db/database.js';
import { createAdministration, type Administration } from '../domain/accounts/administration.js';
import { createCredentials } from '../domain/accounts/credentials.js';
import { DomainError } from '../domain/errors.js';
import { createPasswords } from '../domain/accounts/passwords.js';
import { createSessions } from '../domain/accounts/sessions.js';
import { createTokens } from '../domain/accounts/tokens.js';
import { CommandError } from './command-error.js';
import { withDatabase } from './database.js';

/** @throws CommandError if a rule refuses the change; whatever `withDatabase` throws */
export const administer = <Result>(
  work: (administration: Administration, db: Database) => Promise<Result>,
): Promise<Result> =>
  withDatabase(async (db) => {
    const bus = createMemoryBus(() => {});
    // Nobody signs in here, so any secret will do.
    const tokens = createTokens({ secret: randomBytes(48).toString('base64url'), accessTokenMinutes: 1 });
    const credentials = createCredentials({ db, bus, onError: () => {} });
    const sessions = createSessions({ db, credentials, tokens, refreshTokenDays: 1, sessionDaysMax: 1 });
    const passwords = createPasswords();
    try {
      return await work(createAdministration({ db, sessions, passwords }), db);
    } catch (error) {
      throw error instanceof DomainError ? new CommandError(error.message) : error;
    } finally {
      credentials.close();
      await bus.close();
    }
  });
