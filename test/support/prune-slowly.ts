/** Prunes the database of the settings, a step for each line that it is given, and says how many events went in it. */
import { createInterface } from 'node:readline';
import { openDatabase } from '../../src/db/open.js';
import { prune } from '../../src/log/retention.js';

const [databaseUrl, days] = process.argv.slice(2);

const db = await openDatabase({ databaseUrl, dataDir: '' });
const steps = prune(db, Number(days));
process.stdout.write('ready\n');
for await (const _line of createInterface({ input: process.stdin })) {
  const { value } = await steps.next();
  process.stdout.write(`${value ?? 'done'}\n`);
}
