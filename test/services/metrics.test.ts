/** What a node's metrics say while PostgreSQL, Redis or another node is not as it should be. */
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startPostgres, startRedis } from '../../scripts/services.mjs';
import { ChatsDocument } from '../support/generated/operations.js';
import { ownNode, startNode } from '../support/node.js';
import { groupChat } from '../support/people.js';
import { scrape, valueOf } from '../support/scrape.js';

const PATIENCE = { timeout: 20_000, interval: 50 };

const node = ownNode({ metricsPort: 0, databasePoolSize: 2 });

const figure = async (name: string, of: Parameters<typeof scrape>[0] = node) => valueOf(await scrape(of), name);

/** Somebody else at the node's database. */
const visitor = async () => {
  const client = new pg.Client({ connectionString: node.config.databaseUrl });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
};

describe('Metrics', () => {
  it('tell of messages that wait for their chat, and of those that did so for too long', async () => {
    const { ada, chat } = await groupChat(node);
    const client = await visitor();
    await client.query('BEGIN; SELECT 1 FROM chat FOR UPDATE');

    const first = ada.send(chat, 'one');
    await expect.poll(() => figure('parley_database_connections{state="used"}'), PATIENCE).toBe(1);
    const others = ['two', 'three', 'four'].map((text) => ada.send(chat, text));
    await expect.poll(() => figure('parley_send_queue'), PATIENCE).toBe(3);
    const answers = await Promise.allSettled([first, ...others]);
    await client.query('ROLLBACK');

    expect(answers.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(await figure('parley_send_queue')).toBe(0);
    expect(await figure('parley_sends_total{outcome="failed"}')).toBe(4);
    expect(await figure('parley_mutations_total{field="sendMessage",outcome="unavailable"}')).toBe(4);
    expect(await figure('parley_unavailable_total')).toBeGreaterThanOrEqual(4);
    expect(await figure('parley_faults_total')).toBe(0);
  });

  it('tell of statements that wait for one of the pool’s connections', async () => {
    const { ada } = await groupChat(node);
    const client = await visitor();
    await client.query('BEGIN; LOCK TABLE chat IN ACCESS EXCLUSIVE MODE');

    const asked = Promise.allSettled(Array.from({ length: 6 }, () => ada.ask(ChatsDocument)));
    await expect.poll(() => figure('parley_database_waiting'), PATIENCE).toBeGreaterThanOrEqual(4);
    const during = await scrape(node);
    await client.query('ROLLBACK');
    await asked;

    expect(valueOf(during, 'parley_database_connections{state="used"}')).toBe(2);
    expect(valueOf(during, 'parley_database_connections{state="idle"}')).toBe(0);
    expect(valueOf(during, 'parley_database_connections_max')).toBe(2);
    await expect.poll(() => figure('parley_database_waiting'), PATIENCE).toBe(0);
    await expect.poll(() => figure('parley_database_connections{state="idle"}'), PATIENCE).toBeGreaterThanOrEqual(1);
  });

  it('count what the bell did not bring', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const unheard = await startNode({ redisUrl: undefined }, { beside: node });
    onTestFinished(() => unheard.stop());
    const following = await boris.follow(chat);
    await following.event('ChatReady');
    const before = (await figure('parley_gap_reads_total'))!;

    await ada.at(unheard).send(chat, 'not rung');
    await following.event('MessageSent');

    expect(await figure('parley_gap_reads_total')).toBeGreaterThan(before);
  });

  it('count bugs', async () => {
    const { ada } = await groupChat(node);
    const client = await visitor();
    await client.query('ALTER TABLE chat RENAME COLUMN name TO elsewhere');

    await ada.tell('http', ChatsDocument);
    await client.query('ALTER TABLE chat RENAME COLUMN elsewhere TO name');

    expect(await figure('parley_faults_total')).toBe(node.log.filter(({ msg }) => msg === 'Fault').length);
    expect(await figure('parley_faults_total')).toBeGreaterThan(0);
  });

  it('tell that Redis is away, and how long the database has not answered', async () => {
    const [server, redis] = [await startPostgres(), await startRedis()];
    onTestFinished(async () => void (await Promise.all([server.stop(), redis.stop()])));
    const own = await startNode({ databaseUrl: server.url, redisUrl: redis.url, metricsPort: 0 });
    onTestFinished(() => own.stop());
    const is = (name: string) => figure(name, own);
    await expect.poll(() => is('parley_redis_connected'), PATIENCE).toBe(1);
    expect(await is('parley_round_age_seconds')).toBeLessThan(3);

    await redis.stop();
    await server.stop();

    await expect.poll(() => is('parley_redis_connected'), PATIENCE).toBe(0);
    await expect.poll(() => is('parley_round_age_seconds'), PATIENCE).toBeGreaterThan(3);
    expect(await is('parley_unavailable_total')).toBeGreaterThan(0);
  });
});
