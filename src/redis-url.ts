/** REDIS_URL: a single Redis, or one behind Sentinels. */

export interface RedisHost {
  host: string;
  port: number;
}

/** The Sentinels of one master, and the credentials for it and for them. */
export interface SentinelWay {
  sentinels: RedisHost[];
  /** The master's name in the Sentinels' configuration. */
  name: string;
  database: number;
  isEncrypted: boolean;
  username?: string | undefined;
  password?: string | undefined;
  sentinelUsername?: string | undefined;
  sentinelPassword?: string | undefined;
}

export type RedisWay = { url: string } | { sentinel: SentinelWay } | { expected: string };

const SENTINEL_PORT = 26379;
const ENCODED = 'with special characters in the password percent-encoded';
const SENTINEL_FORM = 'redis+sentinel://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME/DATABASE';

/**
 * @returns the way to Redis: a URL for ioredis, or the Sentinels to ask. If the URL is malformed, what is expected instead,
 * to complete "expected …"
 */
export const readRedisUrl = (written: string): RedisWay => {
  const [, scheme = '', rest = ''] = /^([a-z+]+):\/\/(.*)$/is.exec(written) ?? [];
  switch (scheme.toLowerCase()) {
    case 'redis':
    case 'rediss':
      return readSingle(written, rest);
    case 'redis+sentinel':
    case 'rediss+sentinel':
      return readSentinel(rest, scheme.toLowerCase() === 'rediss+sentinel');
    case 'redis+cluster':
    case 'rediss+cluster':
      return {
        expected: `a single Redis or one behind Sentinels (${SENTINEL_FORM}): a Redis Cluster is not supported`,
      };
    default:
      return {
        expected: `a URL that begins with redis://, rediss:// (TLS), redis+sentinel:// or rediss+sentinel://, ${ENCODED}`,
      };
  }
};

const readSingle = (written: string, rest: string): RedisWay => {
  if (URL.canParse(written)) {
    if (/^\/?$|^\/\d{1,5}$/.test(new URL(written).pathname)) return { url: written };
    return { expected: 'nothing after the host but the number of a database, as in redis://HOST:PORT/0' };
  }
  const hosts = rest.slice(rest.lastIndexOf('@') + 1).split('/', 1)[0]!;
  if (hosts.includes(',')) return { expected: `one host; several hosts must be Sentinels: ${SENTINEL_FORM}` };
  return { expected: `a URL such as redis://USER:PASSWORD@HOST:PORT/DATABASE, ${ENCODED}` };
};

const readSentinel = (rest: string, isEncrypted: boolean): RedisWay => {
  const [, authority = '', path = '', query = ''] = /^([^/?]*)(\/[^?]*)?(?:\?(.*))?$/s.exec(rest) ?? [];
  const at = authority.lastIndexOf('@');
  const sentinels = authority
    .slice(at + 1)
    .split(',')
    .map(readHost);
  if (sentinels.includes(undefined))
    return { expected: `hosts with their ports, separated by commas: ${SENTINEL_FORM}` };

  const [user, password] = at < 0 ? [] : splitOnce(authority.slice(0, at), ':').map(decode);
  const segments = path.split('/').filter((segment) => segment !== '');
  // Without a name after the hosts, the user before them is the name.
  const isNamedLast = segments.length > 0 && !isDatabase(segments[0]!);
  const name = isNamedLast ? decode(segments.shift()!) : user;
  if (!name)
    return { expected: `the name under which the Sentinels know the master, after their hosts: ${SENTINEL_FORM}` };
  const [database = '0', ...more] = segments;
  if (!isDatabase(database) || more.length > 0)
    return { expected: `at most a name and the number of a database after the hosts: ${SENTINEL_FORM}` };

  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((key) => !PARAMETERS.includes(key));
  if (unknown !== undefined) return { expected: `only ${PARAMETERS.join(' and ')} after the ?` };
  return {
    sentinel: {
      sentinels: sentinels as RedisHost[],
      name,
      database: Number(database),
      isEncrypted,
      username: (isNamedLast && user) || undefined,
      password: password || undefined,
      sentinelUsername: parameters.get('sentinel_username') ?? undefined,
      sentinelPassword: parameters.get('sentinel_password') ?? undefined,
    },
  };
};

const PARAMETERS = ['sentinel_username', 'sentinel_password'];

const readHost = (written: string): RedisHost | undefined => {
  const [, six, plain, port = String(SENTINEL_PORT)] =
    /^(?:\[([\da-f:.]+)\]|([a-z\d_.-]+))(?::(\d{1,5}))?$/i.exec(written.trim()) ?? [];
  const host = six ?? plain;
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
};

const isDatabase = (written: string) => /^\d{1,5}$/.test(written);

const splitOnce = (text: string, by: string): string[] => {
  const place = text.indexOf(by);
  return place < 0 ? [text] : [text.slice(0, place), text.slice(place + by.length)];
};

const decode = (written: string): string => {
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
};
