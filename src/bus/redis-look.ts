/**
 * Whether a Redis supports everything that is needed: each command is tried once, on keys and a channel that nobody else uses. A
 * Redis that accepts connections and then refuses commands would otherwise go unnoticed, since nodes do without what is refused.
 */
import { createHash, randomUUID } from 'node:crypto';
import { ReplyError, type Redis } from 'ioredis';
import { openRedis } from './redis-connection.js';
import { TAKE } from './redis-rate-limits.js';

/** What Redis is used for; without it each node does these on its own. */
export type RedisUse = 'events' | 'limits' | 'places';

export type RedisKind = 'single' | 'replica' | 'cluster' | 'sentinel';

export interface RefusedCommand {
  /** In upper case. */
  command: string;
  /** The uses that need it. */
  uses: readonly RedisUse[];
  /** Redis' error message. */
  reason: string;
}

export interface RedisLook {
  kind: RedisKind;
  /** Undefined if Redis does not report it. */
  version: string | undefined;
  /** The number in REDIS_URL, 0 if there is none. */
  database: number;
  refused: readonly RefusedCommand[];
  /** For a Sentinel: the masters that it knows. */
  masters: readonly string[];
  /** Whether both connections reach the same server: the subscriber receives what the other one publishes. */
  isHeard: boolean;
}

interface Trial {
  command: string;
  uses: readonly RedisUse[];
  run: () => Promise<unknown>;
}

/**
 * @param connections `subscriber` may be subscribed to other channels
 * @param prefix of all keys and channels of an installation
 * @throws if Redis refuses the credentials (`isAboutCredentials`), and what the connection throws if it did not answer
 */
export const lookAtRedis = async (
  { commands, subscriber }: { commands: Redis; subscriber: Redis },
  prefix: string,
): Promise<RedisLook> => {
  const own = `${prefix}:look:${randomUUID()}`;
  const about = await aboutServer(commands);
  let heardBy = 0;
  const results = [
    await tryOne({ command: 'SUBSCRIBE', uses: ['events'], run: () => subscriber.subscribe(own) }),
    await tryOne({
      command: 'PUBLISH',
      uses: ['events'],
      run: async () => (heardBy = await commands.publish(own, '{}')),
    }),
    ...(await Promise.all(trialsOf(commands, subscriber, own).map(tryOne))),
  ];
  const refused = withoutConsequences(results.filter((result) => result !== undefined));
  const kind = about.kind ?? guessKind(refused);
  return {
    kind,
    version: about.version,
    database: databaseOf(commands),
    refused,
    masters: kind === 'sentinel' ? await mastersOf(commands) : [],
    isHeard: heardBy > 0,
  };
};

const databaseOf = (commands: Redis) => commands.options.db ?? 0;

/** Sent at once, in this order, so that each sees what the previous ones have written. */
const trialsOf = (commands: Redis, subscriber: Redis, own: string): Trial[] => {
  const [set, hash, sorted, counted] = ['set', 'hash', 'sorted', 'counted'].map((name) => `${own}:${name}`) as [
    string,
    string,
    string,
    string,
  ];
  const database = databaseOf(commands);
  const take = [1, counted, 1, 1000, 'x'] as const;
  const both = ['limits', 'places'] as const;
  const trial = (command: string, uses: readonly RedisUse[], run: () => Promise<unknown>): Trial => ({
    command,
    uses,
    run,
  });
  return [
    trial('UNSUBSCRIBE', ['events'], () => subscriber.unsubscribe(own)),
    trial('PING', [], () => commands.ping()),
    ...(database === 0 ? [] : [trial('SELECT', both, () => commands.select(database))]),
    trial('TIME', both, () => commands.time()),
    trial('ZADD', ['limits'], () => commands.zadd(sorted, 1, 'x')),
    trial('ZREMRANGEBYSCORE', ['limits'], () => commands.zremrangebyscore(sorted, '-inf', 0)),
    trial('ZCARD', ['limits'], () => commands.zcard(sorted)),
    trial('ZRANGE', ['limits'], () => commands.zrange(sorted, 0, 0, 'WITHSCORES')),
    trial('PEXPIRE', both, () => commands.pexpire(sorted, 1000)),
    trial('EVAL', ['limits'], () => commands.eval(TAKE, ...take)),
    trial('EVALSHA', ['limits'], () => commands.evalsha(createHash('sha1').update(TAKE).digest('hex'), ...take)),
    trial('ZREM', ['limits'], () => commands.zrem(sorted, 'x')),
    trial('HSET', ['places'], () => commands.hset(hash, 'x', '[]')),
    trial('HMGET', ['places'], () => commands.hmget(hash, 'x')),
    trial('SADD', ['places'], () => commands.sadd(set, 'x')),
    trial('SMEMBERS', ['places'], () => commands.smembers(set)),
    trial('SREM', ['places'], () => commands.srem(set, 'x')),
    trial('EXISTS', ['places'], () => commands.exists(hash)),
    trial('HDEL', ['places'], () => commands.hdel(hash, 'x')),
    trial('DEL', ['places'], () => commands.del(set, hash, sorted, counted)),
  ];
};

const tryOne = async ({ command, uses, run }: Trial): Promise<RefusedCommand | undefined> => {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error;
    // Redis repeats the arguments if it does not know a command.
    return { command, uses, reason: (error as Error).message.replace(/, with args.*$/s, '') };
  }
};

/** The script fails if one of its commands does, and its hash is unknown if it could not be loaded. */
const withoutConsequences = (refused: RefusedCommand[]): RefusedCommand[] => {
  const names = new Set(refused.map(({ command }) => command));
  const isInScript = ['TIME', 'ZADD', 'ZREMRANGEBYSCORE', 'ZCARD', 'ZRANGE', 'PEXPIRE'].some((name) => names.has(name));
  return refused.filter(
    ({ command, reason }) =>
      !(isInScript && command === 'EVAL' && !isAboutItself(command, reason)) &&
      !(command === 'EVALSHA' && (reason.startsWith('NOSCRIPT') || (isInScript && !isAboutItself(command, reason)))),
  );
};

const isAboutItself = (command: string, reason: string) => new RegExp(`'${command}'`, 'i').test(reason);

const aboutServer = async (commands: Redis): Promise<{ kind?: RedisKind; version?: string }> => {
  try {
    const said = (await commands.call('HELLO')) as unknown[];
    const about = new Map(said.map((name, index) => [name, said[index + 1]]));
    const version = typeof about.get('version') === 'string' ? { version: about.get('version') as string } : {};
    if (about.get('mode') === 'cluster' || about.get('mode') === 'sentinel')
      return { kind: about.get('mode') as RedisKind, ...version };
    return { kind: about.get('role') === 'replica' ? 'replica' : 'single', ...version };
  } catch (error) {
    // Not allowed, or older than 6.0: the refused commands show the kind as well.
    if (error instanceof ReplyError && !isAboutCredentials(error)) return {};
    throw error;
  }
};

const guessKind = (refused: readonly RefusedCommand[]): RedisKind => {
  const isRefusedAs = (pattern: RegExp) => refused.some(({ reason }) => pattern.test(reason));
  if (isRefusedAs(/^(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)/)) return 'cluster';
  if (isRefusedAs(/READONLY/)) return 'replica';
  const unknown = refused.filter(({ reason }) => /unknown command/i.test(reason));
  return unknown.some(({ command }) => command === 'HSET') && unknown.some(({ command }) => command === 'ZADD')
    ? 'sentinel'
    : 'single';
};

const mastersOf = async (commands: Redis): Promise<string[]> => {
  const masters = (await commands.call('SENTINEL', 'MASTERS').catch(() => [])) as string[][];
  return masters.map((facts) => facts[facts.indexOf('name') + 1]).filter((name) => name !== undefined);
};

/** Whether Redis refuses the user and the password in REDIS_URL, or their absence. */
export const isAboutCredentials = (error: unknown): error is Error =>
  error instanceof ReplyError && /^(NOAUTH|WRONGPASS|ERR invalid password|ERR AUTH)/.test((error as Error).message);

const TRIED_WITHIN_MS = 5000;

/**
 * Checks a Redis from outside of a running node.
 *
 * @returns what it refuses, and the milliseconds that each of a few commands took
 * @throws the reason, if it cannot be reached, refuses the credentials, or does not answer
 */
export const tryRedis = async (url: string, prefix = 'parley'): Promise<RedisLook & { milliseconds: number[] }> => {
  const options = { lazyConnect: true, commandTimeout: TRIED_WITHIN_MS, retryStrategy: () => null };
  const connections = { commands: openRedis(url, options), subscriber: openRedis(url, options) };
  const both = Object.values(connections);
  let lastError: unknown;
  for (const connection of both) connection.on('error', (error) => (lastError = error));
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Redis did not answer within ${TRIED_WITHIN_MS} ms`, { cause: lastError })),
      TRIED_WITHIN_MS,
    );
  });
  const look = async () => {
    await Promise.all(both.map((connection) => connection.connect()));
    const found = await lookAtRedis(connections, prefix);
    const milliseconds: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      const begun = performance.now();
      await connections.commands.ping().catch((error: unknown) => {
        if (!(error instanceof ReplyError)) throw error;
      });
      milliseconds.push(performance.now() - begun);
    }
    return { ...found, milliseconds };
  };
  try {
    return await Promise.race([look(), tooLong]);
  } catch (error) {
    // The reason for the closed connection says more than its closing.
    throw lastError ?? error;
  } finally {
    clearTimeout(timer);
    for (const connection of both) connection.disconnect();
  }
};
