/** Redis behind real Sentinels, whose master changes. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { jsonTopic } from '../../../src/bus/bus.js';
import { tryRedis } from '../../../src/bus/redis-look.js';
import { createRedisBus } from '../../../src/bus/redis.js';
import { startSentinels, type Sentinels } from '../../support/sentinels.js';
import { until } from '../../support/until.js';

const topic = jsonTopic<{ n: number }>('numbers');

describe('Redis behind Sentinels, with passwords for both', () => {
  let sentinels: Sentinels;
  beforeAll(async () => {
    sentinels = await startSentinels();
  }, 120_000);
  afterAll(() => sentinels?.stop());

  const aNode = async () => {
    const warnings: unknown[] = [];
    const bus = createRedisBus({
      url: sentinels.url,
      prefix: 'parley:sentinels',
      onWarning: (warning) => warnings.push(warning),
      onError: (error) => warnings.push(error),
    });
    onTestFinished(() => bus.close());
    await until(() => bus.state === 'connected', 'the master');
    const heard: number[] = [];
    await bus.subscribe(topic, ({ n }) => heard.push(n));
    return { bus, heard, warnings };
  };

  it.each([
    ['hands over in order', () => sentinels.failOver()],
    ['is killed', () => sentinels.killMaster()],
    ['stands still', () => sentinels.freezeMaster()],
  ])(
    'nodes hear each other again, and count and compare by the new master, where the old one %s',
    async (_how, change) => {
      const [one, other] = [await aNode(), await aNode()];
      const before = await sentinels.masterPort();

      await change();

      const now = await sentinels.masterPort();
      expect(now).not.toBe(before);
      // The old one may answer for a moment yet.
      for (const { bus } of [one, other]) {
        await expect.poll(() => bus.commands.config('GET', 'port').catch(String)).toEqual(['port', String(now)]);
        await expect.poll(() => bus.commands.role().catch(String)).toContain('master');
      }
      let n = 0;
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const)
        await until(() => {
          from.bus.publish(topic, { n: (n += 1) });
          return to.heard.length > 0;
        }, 'what the other says');
      await until(
        () => [one, other].every(({ bus }) => bus.isAble('limits') && bus.isAble('places')),
        'the new master',
      );
      for (const { warnings } of [one, other]) expect(warnings).toEqual([]);
    },
    60_000,
  );

  it('nodes connect again where the Sentinels tell of another master while the connection to one is being made', async () => {
    const { bus } = await aNode();
    // ioredis hears of it like this; then it gives the connection up for good.
    const { connector } = bus.commands as unknown as { connector: { disconnect(): void } };
    let ends = 0;
    bus.commands.once('connecting', () => connector.disconnect()).once('end', () => (ends += 1));

    bus.commands.disconnect(true);

    await until(() => ends === 1 && bus.state === 'connected' && bus.commands.status === 'ready', 'the master again');
  });

  it('are asked for the master from outside too', async () => {
    expect(await tryRedis(sentinels.url)).toMatchObject({ kind: 'single', refused: [] });
  });
});
