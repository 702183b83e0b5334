/** What Redis lets a node do, and how fast. Nothing of it stops a start: nodes do without. */
import { credentialsWarning, judgeRedis } from '../../bus/redis-verdict.js';
import { isAboutCredentials, tryRedis } from '../../bus/redis-look.js';
import type { Config } from '../../config.js';
import { ok, type Finding } from '../../finding.js';
import { attempt, type Check } from './check.js';

/** As long as nodes wait for it where it decides who has a chat open. */
const SLOW_MS = 20;

export async function* checkBus(config: Partial<Config>): AsyncGenerator<Check> {
  const { redisUrl, databaseUrl } = config;
  if (!('redisUrl' in config)) return;
  if (redisUrl !== undefined) yield attempt('redis', () => checkRedis(redisUrl));
  else if (databaseUrl !== undefined)
    yield {
      name: 'redis',
      ...ok('There is none: with several nodes events come up to a second later, and limits hold for each'),
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
      sentence: `Redis is away (${error instanceof Error ? error.message : String(error)}): events come up to a second later, and limits hold for each node`,
      remedy: 'Start it, or let REDIS_URL lead to it',
    };
  }
  const { warning } = judgeRedis(look);
  if (warning !== undefined) return { outcome: 'warning', sentence: warning };
  const milliseconds = look.milliseconds.toSorted((a, b) => a - b)[Math.floor(look.milliseconds.length / 2)]!;
  const says = `Redis ${look.version ?? ''} does all that is needed, in ${milliseconds.toFixed(1)} ms`.replace(
    '  ',
    ' ',
  );
  if (milliseconds < SLOW_MS) return ok(says);
  return {
    outcome: 'warning',
    sentence: `${says}: with that, limits and places are counted late`,
    remedy: `Have it in the same place as the nodes, and look for what keeps it busy (SLOWLOG GET)`,
  };
};
