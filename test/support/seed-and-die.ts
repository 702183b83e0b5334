/** Seeds the demo in the embedded database of a folder, and is killed before the statement of that number. */
import { migrate } from '../../src/db/migrations.js';
import { openDatabase } from '../../src/db/open.js';
import { seedDemo } from '../../src/demo/seed-demo.js';
import { createPasswords } from '../../src/domain/accounts/passwords.js';
import { dyingAt } from './dying.js';

const [dataDir = '', statement] = process.argv.slice(2);

const db = await openDatabase({ dataDir });
await migrate(db);
const config = {
  demo: true,
  host: '127.0.0.1',
  trustProxy: 0,
  allowedOrigins: undefined,
  databaseUrl: undefined,
  passwordLogin: true,
  dataDir,
};
await seedDemo({ config, db: dyingAt(db, Number(statement)), passwords: createPasswords() });
