// Runs the tests over PostgreSQL and Redis: those that DATABASE_URL and REDIS_URL name, else those on this machine's
// standard ports, else some of its own. Further arguments go to vitest.
//
// The tests are given a database of their own on that server, and may create more whose names begin with its name: all of
// them are dropped in the end. Redis they share with whoever uses it: they keep to names of their own.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { canUsePostgres, canUseRedis, startPostgres, startRedis } from './services.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const started = [];

const main = async () => {
  try {
    const postgres = await findPostgres();
    const redis = await findRedis();
    const name = `parley_test_${randomBytes(4).toString('hex')}`;
    await query(postgres, `CREATE DATABASE ${name}`);
    try {
      const database = new URL(postgres);
      database.pathname = `/${name}`;
      return await runTests({ TEST_SERVICES: '1', DATABASE_URL: database.href, REDIS_URL: redis });
    } finally {
      await dropDatabases(postgres, name);
    }
  } finally {
    for (const service of started) await service.stop();
  }
};

const findPostgres = async () => {
  const { DATABASE_URL, PGUSER, PGPASSWORD } = process.env;
  if (DATABASE_URL) {
    if (await canUsePostgres(DATABASE_URL)) return say('PostgreSQL', DATABASE_URL, 'given by DATABASE_URL');
    throw new Error('DATABASE_URL leads to no PostgreSQL server where databases may be created');
  }
  for (const user of new Set([PGUSER, 'postgres', userInfo().username])) {
    if (!user) continue;
    const url = new URL('postgresql://localhost:5432/postgres');
    url.username = user;
    url.password = PGPASSWORD ?? 'postgres';
    if (await canUsePostgres(url.href)) return say('PostgreSQL', url.href, 'on its standard port');
  }
  const own = await startPostgres();
  started.push(own);
  return say('PostgreSQL', own.url, 'started for this run');
};

const findRedis = async () => {
  const { REDIS_URL } = process.env;
  if (REDIS_URL) {
    if (await canUseRedis(REDIS_URL)) return say('Redis', REDIS_URL, 'given by REDIS_URL');
    throw new Error('REDIS_URL leads to no Redis server');
  }
  const standard = 'redis://localhost:6379';
  if (await canUseRedis(standard)) return say('Redis', standard, 'on its standard port');
  const own = await startRedis();
  started.push(own);
  return say('Redis', own.url, 'started for this run');
};

const say = (what, url, how) => {
  console.log(`${what}: ${new URL(url).host}, ${how}`);
  return url;
};

const runTests = (environment) =>
  new Promise((resolve, reject) => {
    const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
    const child = spawn(process.execPath, [vitest, 'run', ...process.argv.slice(2)], {
      cwd: root,
      env: { ...process.env, ...environment },
      stdio: 'inherit',
    });
    // Whoever stops this run still gets its services stopped and its databases dropped, once vitest has ended.
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });

const dropDatabases = async (url, prefix) => {
  const rows = await query(url, `SELECT datname FROM pg_database WHERE starts_with(datname, '${prefix}')`);
  for (const { datname } of rows) await query(url, `DROP DATABASE IF EXISTS "${datname}" WITH (FORCE)`);
};

const query = async (url, sql) => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

process.exitCode = await main();
