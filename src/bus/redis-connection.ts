/** One connection to Redis: to the server in the URL, or to the master that Sentinels name. */
import { Redis, SentinelConnector, type RedisOptions, type SentinelConnectionOptions } from 'ioredis';
import { readRedisUrl, type SentinelWay } from '../redis-url.js';

/** For every connection. */
const COMMON = {
  connectTimeout: 2000,
  disconnectTimeout: 500,
  // `redis-look.ts` checks Redis instead: ioredis' own check needs INFO, and writes to stderr if that is refused.
  enableReadyCheck: false,
  disableClientInfo: true,
} satisfies RedisOptions;

const SENTINEL_ANSWERS_WITHIN_MS = 2000;
const SENTINEL_AGAIN_MS = 5000;

export const isBehindSentinels = (url: string): boolean => 'sentinel' in readRedisUrl(url);

/** @param url as validated by the settings */
export const openRedis = (url: string, options: RedisOptions): Redis => {
  const way = readRedisUrl(url);
  if ('expected' in way) throw new Error(`Not a Redis URL: expected ${way.expected}`);
  if ('url' in way) return new Redis(way.url, { ...COMMON, ...options });
  return new Redis({ ...COMMON, ...options, ...sentinelOptions(way.sentinel) });
};

const sentinelOptions = (way: SentinelWay): RedisOptions => ({
  Connector: QuietSentinelConnector as unknown as NonNullable<RedisOptions['Connector']>,
  sentinels: way.sentinels,
  name: way.name,
  role: 'master',
  db: way.database,
  ...(way.username !== undefined && { username: way.username }),
  ...(way.password !== undefined && { password: way.password }),
  ...(way.sentinelUsername !== undefined && { sentinelUsername: way.sentinelUsername }),
  ...(way.sentinelPassword !== undefined && { sentinelPassword: way.sentinelPassword }),
  ...(way.isEncrypted && { tls: {}, sentinelTLS: {}, enableTLSForSentinelMode: true }),
  sentinelCommandTimeout: SENTINEL_ANSWERS_WITHIN_MS,
  // Learns from the Sentinels that the master has changed: a frozen master does not report it.
  failoverDetector: true,
  sentinelReconnectStrategy: () => SENTINEL_AGAIN_MS,
});

type Connect = (...endpoint: unknown[]) => Redis;

/** ioredis writes every error of its connections to Sentinels to stderr, once a second and with the stack. */
class QuietSentinelConnector extends SentinelConnector {
  constructor(options: SentinelConnectionOptions) {
    super(options);
    const own = this as unknown as { connectToSentinel: Connect };
    const connect: Connect = own.connectToSentinel.bind(this);
    own.connectToSentinel = (...endpoint) => connect(...endpoint).on('error', () => undefined);
  }
}
