/** A database that takes no writes for a while, under a node that runs: whoever routes by `/health/ready` is told. */
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { startPostgres, type Service } from '../../../scripts/services.mjs';
import { temporaryFolder } from '../../support/database.js';
import { startNode, type TestNode } from '../../support/node.js';

let server: Service;
let node: TestNode;

beforeAll(async () => {
  server = await startPostgres();
  node = await startNode({ databaseUrl: server.url, dataDir: temporaryFolder() });
});

afterAll(async () => {
  await node.stop();
  await server.stop();
});

const run = async (...statements: string[]) => {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  // Its own session may have begun while nothing could be written.
  await client.query('SET default_transaction_read_only = off');
  for (const sql of statements) await client.query(sql);
  await client.end();
};

const ready = async (): Promise<unknown[]> => {
  const response = await fetch(`${node.url}/health/ready`);
  return [response.status, (await response.json()) as unknown];
};

it.each([
  [
    'for the server',
    ['ALTER SYSTEM SET default_transaction_read_only = on', 'SELECT pg_reload_conf()'],
    ['ALTER SYSTEM RESET default_transaction_read_only', 'SELECT pg_reload_conf()'],
  ],
  [
    'for the database, which sessions keep that have begun',
    [
      'ALTER DATABASE postgres SET default_transaction_read_only = on',
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley'`,
    ],
    ['ALTER DATABASE postgres RESET default_transaction_read_only'],
  ],
])('is not ready while the database is read only, and ready again afterwards: %s', async (_where, on, off) => {
  const before = await ready();

  await run(...on);
  await vi.waitUntil(async () => (await ready())[0] === 503, { timeout: 10_000 });
  const meanwhile = await ready();
  await run(...off);
  await vi.waitUntil(async () => (await ready())[0] === 200, { timeout: 10_000 });

  const isOk = [200, expect.objectContaining({ database: 'ok' })];
  expect(before).toEqual(isOk);
  expect(meanwhile).toEqual([503, expect.objectContaining({ status: 'database read only', database: 'read only' })]);
  expect(await ready()).toEqual(isOk);
});
