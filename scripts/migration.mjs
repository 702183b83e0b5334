/**
 * `npm run migration -- NAME` writes prisma/migrations/<timestamp>_NAME/migration.sql: what leads from the migrations so
 * far to schema.prisma. Offline. Read the script before committing it, and add by hand what Prisma cannot say.
 */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { PrismaPGlite } from 'pglite-prisma-adapter';
import { register } from 'tsx/esm/api';
import { EMPTY_MIGRATION, compareWithSchema } from './schema-engine.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'prisma', 'migrations');
const lockFile = `# Written by Prisma's tools and by scripts/migration.mjs; keep it in version control.\nprovider = "postgresql"\n`;

const main = async () => {
  const [name] = process.argv.slice(2);
  if (!/^[a-z][a-z0-9_]*$/.test(name ?? '')) {
    throw new Error('Say what the migration does: npm run migration -- add_something (a-z, 0-9 and _)');
  }

  const database = await PGlite.create();
  for (const earlier of await earlierMigrations()) {
    const script = await readFile(join(folder, earlier, 'migration.sql'), 'utf8');
    await database.exec(script).catch((error) => {
      throw new Error(`The earlier migration ${earlier} fails: ${error.message}`);
    });
  }
  const path = join(root, 'prisma', 'schema.prisma');
  const script = await compareWithSchema(new PrismaPGlite(database), { path, content: await readFile(path, 'utf8') });
  await database.close();

  if (script === EMPTY_MIGRATION) {
    console.log('Nothing to do: the migrations agree with schema.prisma');
    return;
  }
  const timestamp = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const target = join(folder, `${timestamp}_${name}`, 'migration.sql');
  await mkdir(join(target, '..'), { recursive: true });
  await writeFile(join(folder, 'migration_lock.toml'), lockFile);
  await writeFile(target, `${script}\n`);
  console.log(target);
  register();
  const { migrationProblems } = await import('../test/support/migration-policy.ts');
  for (const problem of migrationProblems(script)) console.log(`To be written otherwise (CONTRIBUTING.md): ${problem}`);
};

const earlierMigrations = async () => {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
};

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
