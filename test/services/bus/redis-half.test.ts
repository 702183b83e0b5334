/** Redis servers that let a node in, and do not do all that is asked of them. */
import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonTopic } from '../../../src/bus/bus.js';
import { tryRedis } from '../../../src/bus/redis-look.js';
import { createRedisBus } from '../../../src/bus/redis.js';
import { startHalfRedis, type HalfRedisKind } from '../../support/half-redis.js';
import { until } from '../../support/until.js';

const topic = jsonTopic<{ text: string }>('one');

const busOn = async (kind: HalfRedisKind) => {
  const redis = await startHalfRedis(kind);
  onTestFinished(() => redis.stop());
  const states: string[] = [];
  const warnings: (string | undefined)[] = [];
  const errors: unknown[] = [];
  const bus = createRedisBus({
    url: redis.url,
    prefix: `parley:${randomUUID()}`,
    lookEveryMs: 50,
    onState: (state) => states.push(state),
    onWarning: (warning) => warnings.push(warning),
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => bus.close());
  const able = () => (['events', 'limits', 'places'] as const).filter((use) => bus.isAble(use));
  return { redis, bus, states, warnings, errors, able };
};

describe('a Redis that only half works', () => {
  it.each<[HalfRedisKind, RegExp, string[]]>([
    [
      'without TIME',
      /refuses TIME \(NOPERM.*ACL SETUSER NAME ~parley:\* &parley:\* \+time\. Until then: limits.*; places/,
      ['events'],
    ],
    ['without its channels', /refuses SUBSCRIBE, PUBLISH .*&parley:\*\. Until then: nodes find/, ['limits', 'places']],
    ['without its keys', /refuses ZADD, .*~parley:\* .*Until then: limits.*; places/, ['events']],
    [
      'with a renamed EVAL',
      /refuses EVAL \(ERR unknown command 'eval'\): .*rename-command.*: limits/,
      ['events', 'places'],
    ],
    [
      'without the database',
      /has no database 99 \(.*REDIS_URL end with .* \/0, .*Until then: limits.*; places/,
      ['events'],
    ],
    ['a replica', /leads to a replica.*master.*redis\+sentinel:/, []],
    ['one of a cluster', /Cluster is not supported.*Until then: limits.*; places/, ['events']],
    ["a Sentinel's port", /leads to a Sentinel.*redis\+sentinel:\/\/HOST:PORT,HOST:PORT\/parley\./, []],
    ['with another password', /does not take the user and password of REDIS_URL \(WRONGPASS/, []],
    ['with a password that nobody gave', /does not take the user and password of REDIS_URL \(NOAUTH/, []],
  ])('says once what it refuses and what mends that, and does that itself: %s', async (kind, line, uses) => {
    const { bus, warnings, errors, states, able } = await busOn(kind);
    await until(() => warnings.length > 0, 'the warning');

    const before = states.length;
    bus.commands.disconnect(true);
    await until(() => states.length > before + 1 || bus.state === 'refused', 'it to be connected again');
    await until(() => able().join() === uses.join(), 'it to be looked at again');

    expect(warnings).toEqual([expect.stringMatching(line)]);
    expect(errors).toEqual([]);
  });

  it.each<HalfRedisKind>([
    'without TIME',
    'without its channels',
    'a replica',
    'with another password',
    'with a password that nobody gave',
  ])('is noticed to do everything once it is mended, with what was listened to before: %s', async (kind) => {
    const { redis, bus, warnings, errors, able } = await busOn(kind);
    await until(() => warnings.length > 0, 'the warning');
    const heard: string[] = [];
    const subscribed = bus.subscribe(topic, ({ text }) => heard.push(text));

    await redis.mend();

    await until(() => able().length === 3, 'everything to be done');
    await subscribed;
    await until(() => {
      bus.publish(topic, { text: 'now' });
      return heard.length > 0;
    }, 'what is published');
    expect(warnings).toEqual([expect.any(String), undefined]);
    expect(errors).toEqual([]);
  });

  it('lacks nothing where its user may do what operations.md says', async () => {
    const { bus, warnings, able } = await busOn('with no more rights than operations.md gives');

    await until(() => bus.state === 'connected', 'Redis');

    expect([warnings, able()]).toEqual([[], ['events', 'limits', 'places']]);
  });

  it('is looked at from outside too, with what each answer took', async () => {
    const [half, locked] = [await startHalfRedis('without TIME'), await startHalfRedis('with another password')];
    onTestFinished(async () => void (await Promise.all([half.stop(), locked.stop()])));

    const look = await tryRedis(half.url);

    expect(look).toMatchObject({ kind: 'single', version: expect.stringMatching(/^\d/) as unknown, isHeard: true });
    expect(look.refused).toEqual([
      { command: 'TIME', uses: ['limits', 'places'], reason: expect.stringContaining('NOPERM') as unknown },
    ]);
    expect(look.milliseconds).toHaveLength(10);
    await expect(tryRedis(locked.url)).rejects.toThrow('WRONGPASS');
    await expect(tryRedis('redis://127.0.0.1:1')).rejects.toThrow('ECONNREFUSED');
  });
});
