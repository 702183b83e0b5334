/** Gives the accounts of a database their keys, and is killed before the statement of that number. */
import { openDatabase } from '../../src/db/open.js';
import { rekeyAccounts } from '../../src/domain/accounts/rekey-accounts.js';
import type { DatabaseConfig } from '../../src/db/open.js';
import { dyingAt } from './dying.js';

const [config = '', statement] = process.argv.slice(2);

const db = await openDatabase(JSON.parse(config) as DatabaseConfig);
await rekeyAccounts(dyingAt(db, Number(statement)), () => undefined);
process.exit(1);
