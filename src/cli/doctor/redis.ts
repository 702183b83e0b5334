/** Checks what Redis allows a node to do, and how fast. No finding prevents a start: nodes work without Redis. */
import { credentialsWarning, judgeRedis } from '../../bus/redis-verdict.js';
import { isAboutCredentials, tryRedis } from '../../bus/redis-look.js';
import type { Config } from '../../config.js';
import { ok, type Finding } from '../../finding.js';
import { attempt, type Check } from './check.js';

/** How long nodes wait for Redis when it counts places. */
const SLOW_MS = 20;

export async function* checkBus(config: Partial<Config>): AsyncGenerator<Check> {
  const { redisUrl, databaseUrl } = config;
  if (!('redisUrl' in config)) return;
  if (redisUrl !== undefined) yield attempt('redis', () => checkRedis(redisUrl));
  else if (databaseUrl !== undefined)
    yield {
      name: 'redis',
      ...ok(
        'REDIS_URL is not set: with several nodes, events come up to a second later, and each node counts limits alone',
      ),
    };
}

const checkRedis = async (url: string): Promise<Finding> => {
  let look: Awaited<ReturnType<typeof tryRedis>>;
  try {
    look = await tryRedis(url);
  } catch (error) {
    if (isAboutCredentials(error)) return { outcome: 'warning', sentence: credentialsWarning(error) };
    return {
      outcome: 'warning',
      sentence: `Redis is away (${error instanceof Error ? error.message : String(error)}): events come up to a second later, and each node counts limits alone`,
      remedy: 'Start it, or correct REDIS_URL',
    };
  }
  const { warning } = judgeRedis(look);
  if (warning !== undefined) return { outcome: 'warning', sentence: warning };
  const milliseconds = look.milliseconds.toSorted((a, b) => a - b)[Math.floor(look.milliseconds.length / 2)]!;
  const says =
    `Redis ${look.version ?? ''} supports all commands that Parley needs, and answers in ${milliseconds.toFixed(1)} ms`.replace(
      '  ',
      ' ',
    );
  if (milliseconds < SLOW_MS) return ok(says);
  return {
    outcome: 'warning',
    sentence: `${says}: limits and places are counted late`,
    remedy: `Run it close to the nodes, and find out what keeps it busy (SLOWLOG GET)`,
  };
};
