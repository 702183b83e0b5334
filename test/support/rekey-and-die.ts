/** Gives the accounts of a database their keys, and is killed before the statement of that number. */
import { openDatabase } from '../../src/db/open.js';
import { rekeyAccounts } from '../../src/domain/accounts/rekey-accounts.js';
import type { DatabaseConfig } from '../../src/db/open.js';

const [config = '', statement] = process.argv.slice(2);

const db = await openDatabase(JSON.parse(config) as DatabaseConfig);
let statements = 0;
const dying: typeof db = {
  ...db,
  transaction: (work) =>
    db.transaction((tx) =>
      work({
        query: (sql, params) => {
          statements += 1;
          if (statements === Number(statement)) process.kill(process.pid, 'SIGKILL');
          return tx.query(sql, params);
        },
      }),
    ),
};
await rekeyAccounts(dying, () => undefined);
process.exit(1);
