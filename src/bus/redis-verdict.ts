/** The result of a look at Redis, in one line: what is refused, what nodes do without, and how to fix it. */
import type { RedisKind, RedisLook, RedisUse, RefusedCommand } from './redis-look.js';

export interface RedisVerdict {
  /** What this Redis is used for; each node does the rest on its own. */
  able: ReadonlySet<RedisUse>;
  /** Undefined if all is well. */
  warning: string | undefined;
}

const USES: readonly RedisUse[] = ['events', 'limits', 'places'];

const WITHOUT: Record<RedisUse, string> = {
  events: "nodes find each other's events by looking once a second",
  limits: 'limits hold for each node by itself',
  places: 'places (CHAT_CONNECTIONS_PER_USER, and who is present in a match) hold for each node by itself',
};

/** What does not work reliably on it, even if a single try succeeds. */
const UNABLE: Record<RedisKind, readonly RedisUse[]> = {
  single: [],
  cluster: ['limits', 'places'],
  replica: USES,
  sentinel: USES,
};

export const judgeRedis = (look: RedisLook): RedisVerdict => {
  const unable = new Set<RedisUse>([...UNABLE[look.kind], ...look.refused.flatMap(({ uses }) => uses)]);
  const able = new Set(USES.filter((use) => !unable.has(use)));
  if (unable.size === 0) return { able, warning: undefined };
  const without = USES.filter((use) => unable.has(use)).map((use) => WITHOUT[use]);
  return { able, warning: `${reasonOf(look)}. Until then: ${without.join('; ')}` };
};

const reasonOf = ({ kind, refused, masters, database }: RedisLook): string => {
  switch (kind) {
    case 'cluster':
      return 'A Redis Cluster is not supported: point REDIS_URL at a single Redis, or at Sentinels (redis+sentinel://HOST:PORT,HOST:PORT/NAME)';
    case 'replica':
      return 'REDIS_URL leads to a replica, which is not written to: point it at the master, or at Sentinels, which know the master (redis+sentinel://HOST:PORT,HOST:PORT/NAME)';
    case 'sentinel':
      return `REDIS_URL leads to a Sentinel, which is no Redis itself: write redis+sentinel://HOST:PORT,HOST:PORT/${masters[0] ?? 'NAME'}`;
    case 'single': {
      const missing = refused.find(isWithoutDatabase);
      if (missing !== undefined)
        return `Redis has no database ${database} (${missing.reason}): let REDIS_URL end with the number of one that it has, such as /0, or raise \`databases\` in its configuration`;
      return `Redis refuses ${namesOf(refused)} (${refused[0]!.reason}): ${remedyOf(refused)}`;
    }
  }
};

/** Its user may use the command, and Redis knows it: so it is the number that is refused. */
const isWithoutDatabase = ({ command, reason }: RefusedCommand) =>
  command === 'SELECT' && !/^NOPERM|unknown command/i.test(reason);

const namesOf = (refused: readonly RefusedCommand[]) => refused.map(({ command }) => command).join(', ');

const remedyOf = (refused: readonly RefusedCommand[]): string => {
  const { reason } = refused[0]!;
  if (/^NOPERM/.test(reason)) return `allow its user that: ACL SETUSER NAME ${rightsOf(refused).join(' ')}`;
  if (/unknown command/i.test(reason)) return 'give it its name back (rename-command), or use a Redis that has it';
  if (reason.startsWith('OOM')) return 'give it more memory (maxmemory)';
  return 'its own log may say more';
};

/** All keys and channels have one prefix. */
const rightsOf = (refused: readonly RefusedCommand[]): string[] => {
  const commands = refused.filter(({ reason }) => !/(keys?|channels?) used/.test(reason));
  return ['~parley:*', '&parley:*', ...commands.map(({ command }) => `+${command.toLowerCase()}`)];
};

/** The warning if Redis refuses user and password. */
export const credentialsWarning = ({ message }: Error): string =>
  `Redis does not take the user and password of REDIS_URL (${message.replace(/^(NOAUTH|WRONGPASS) .*/s, '$1')}): put the right ones there, special characters percent-encoded. Until then: ${USES.map((use) => WITHOUT[use]).join('; ')}`;
