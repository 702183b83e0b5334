/** Brings in the lines of a file, and is killed before the statement of that number. */
import { openDatabase } from '../../src/db/open.js';
import { openLineFile } from '../../src/cli/import/line-file.js';
import { importLines } from '../../src/import/import-lines.js';
import { dyingAt } from './dying.js';

const [path = '', statement, dataDir = '', databaseUrl] = process.argv.slice(2);

const db = await openDatabase({ dataDir, databaseUrl: databaseUrl === '' ? undefined : databaseUrl });
await importLines({
  db: dyingAt(db, Number(statement)),
  source: await openLineFile({ path }),
  isDryRun: false,
  isAdopting: false,
});
await db.close();
