/** The peer of Prisma and Yoga, on a database of its own with its own tables. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { startAsked, type AskedChild } from './child.js';
import { createDatabase, SECRET } from './parley.js';

export interface PrismaPeer {
  child: AskedChild;
  port: number;
  /** Of the bench, not of the server. */
  pool: pg.Pool;
  stop(): Promise<void>;
}

export const startPrisma = async (
  serverUrl: string,
  { name, fill }: { name: string; fill: (pool: pg.Pool) => Promise<void> },
): Promise<PrismaPeer> => {
  const databaseUrl = await createDatabase(serverUrl, `bench_${name}`);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  await pool.query(readFileSync(new URL('../prisma/tables.sql', import.meta.url), 'utf8'));
  await fill(pool);
  await pool.query('ANALYZE');
  const { child, ready } = await startAsked<{ port: number }>(new URL('../peers/prisma-yoga.mjs', import.meta.url), {
    secret: SECRET,
    databaseUrl,
  });
  return {
    child,
    port: ready.port,
    pool,
    stop: async () => {
      await child.stop();
      await pool.end();
    },
  };
};
