/** Prepares a database for this version: its tables, and the keys of its accounts and chats. */
import type { Database } from '../../db/database.js';
import { describeBlocked } from '../../db/migration-locks.js';
import { migrate } from '../../db/migrations.js';
import { rekeyChats } from '../rekey-chats.js';
import { rekeyAccounts } from './rekey-accounts.js';

/**
 * @param onWait called if another process is preparing it: this one waits until that is done
 * @param onWarning called with what an operator should know
 * @returns the names of the migrations that it applied
 * @throws MigrationError, UnavailableError
 */
export const prepareDatabase = (
  db: Database,
  { onWait, onWarning }: { onWait?: () => void; onWarning: (text: string) => void },
): Promise<string[]> =>
  migrate(db, {
    ...(onWait && { onWait }),
    onBlocked: (blocked) => onWarning(describeBlocked(blocked)),
    finish: async () => {
      await rekeyAccounts(db, ({ field, holder, other }) => {
        const what = field === 'username' ? 'usernames' : 'e-mail addresses';
        onWarning(
          `The ${what} ${holder} and ${other} are the same but for case: the account of ${other} is found by that exact spelling only`,
        );
      });
      await rekeyChats(db);
    },
  });
