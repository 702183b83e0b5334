/** Brings in the lines of a file, and is killed before the statement of that number. */
import { openDatabase } from '../../src/db/open.js';
import { openLineFile } from '../../src/cli/import/line-file.js';
import { importLines } from '../../src/import/import-lines.js';

const [path = '', statement, dataDir = '', databaseUrl] = process.argv.slice(2);

const db = await openDatabase({ dataDir, databaseUrl: databaseUrl === '' ? undefined : databaseUrl });
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
await importLines({ db: dying, source: await openLineFile({ path }), isDryRun: false, isAdopting: false });
await db.close();
