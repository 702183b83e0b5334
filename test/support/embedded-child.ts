/** Opens the embedded database in a folder, says so, and then writes rows and says which are in, until it is killed. */
import { migrate } from '../../src/db/migrations.js';
import { openDatabase } from '../../src/db/open.js';

const [dataDir = '', task] = process.argv.slice(2);
const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  const db = await openDatabase({ dataDir });
  await migrate(db);
  say('open');
  await db.query('CREATE TABLE IF NOT EXISTS pet (id int PRIMARY KEY)');
  for (let id = 1; task === 'write'; id += 1) {
    await db.query('INSERT INTO pet VALUES ($1)', [id]);
    say(String(id));
  }
  setInterval(() => {}, 60_000);
} catch (error) {
  say(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  process.exit(1);
}
