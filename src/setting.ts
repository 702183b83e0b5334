/** The kinds of settings: which values each accepts, and how it describes them. */
import { isIP } from 'node:net';
import { DatabaseUrlError, parseDatabaseUrl } from './database-url.js';
import { readFilesUrl } from './files-url.js';
import { readClamdUrl } from './clamd-url.js';
import { readRedisUrl } from './redis-url.js';

export interface Setting<Value> {
  /** Its name in the environment. */
  name: string;
  /** Its purpose, with its unit. */
  description: string;
  /** As written in the environment. A setting without a default may be unset. */
  default?: string;
  /** What applies if it is unset. */
  unset?: string;
  /** It may be in a file instead: NAME_FILE holds the path. */
  isSecret?: true;
  /** The values it accepts; completes "expected …". */
  expected: string;
  /** @returns undefined if `written` (never empty) is not what is expected */
  parse(written: string): Value | undefined;
  /** What is expected instead of a refused value, if that can be said more precisely than in `expected`. */
  explain?(written: string): string | undefined;
  /** How an error shows a refused value. By default as written; this may hide parts of it. */
  show?(written: string): string;
}

interface Words {
  description: string;
  default: string;
}

interface OptionalWords {
  description: string;
  unset: string;
}

interface NumberWords {
  description: string;
  default: number;
  /** Inclusive. */
  range: readonly [number, number];
}

export const wholeNumber = (name: string, { range, ...words }: NumberWords): Setting<number> => ({
  name,
  description: words.description,
  default: String(words.default),
  expected: `a whole number from ${range[0]} to ${range[1]}`,
  parse: (written) => {
    const number = /^\d{1,9}$/.test(written) ? Number(written) : NaN;
    return number >= range[0] && number <= range[1] ? number : undefined;
  },
});

/** A whole number that may be unset. */
export const optionalNumber = (
  name: string,
  { range, ...words }: OptionalWords & Pick<NumberWords, 'range'>,
): Setting<number | undefined> => {
  const { default: _default, ...setting } = wholeNumber(name, { ...words, range, default: 0 });
  return { ...setting, ...words };
};

/** A rate limit. */
export const limit = (name: string, words: Omit<NumberWords, 'range'>): Setting<number> =>
  wholeNumber(name, { ...words, description: `${words.description} 0 = no limit.`, range: [0, 1_000_000] });

const oneOf = <Value>(name: string, words: Words | OptionalWords, values: Record<string, Value>): Setting<Value> => ({
  name,
  ...words,
  expected: Object.keys(values)
    .join(', ')
    .replace(/, ([^,]*)$/, ' or $1'),
  parse: (written) => new Map(Object.entries(values)).get(written.toLowerCase()),
});

/** Without a default, `config.ts` derives it from other settings. */
export const onOff = (name: string, words: Words | OptionalWords): Setting<boolean> =>
  oneOf(name, words, { on: true, off: false });

const levels = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  fatal: 'fatal',
  silent: 'silent',
} as const;

export type LogLevel = keyof typeof levels;

export const choice = <const Value extends string>(
  name: string,
  { values, ...words }: Words & { default: Value; values: readonly Value[] },
): Setting<Value> =>
  oneOf(name, words, Object.fromEntries(values.map((value) => [value, value])) as Record<string, Value>);

export const level = (name: string, words: Words): Setting<LogLevel> => oneOf<LogLevel>(name, words, levels);

export const text = (name: string, words: Words & { expected: string }): Setting<string> => ({
  name,
  ...words,
  parse: (written) => (written.includes('\0') ? undefined : written),
});

export const address = (name: string, words: Words): Setting<string> => ({
  name,
  ...words,
  expected: 'an IP address or a host name, without a port',
  parse: (written) => (isIP(written) !== 0 || hostName.test(written) ? written : undefined),
});

// Digits and dots alone are a mistyped address.
const hostName = /^(?![\d.]*$)[a-z0-9_][a-z0-9_.-]{0,252}$/i;

export const url = (
  name: string,
  { protocols, ...words }: OptionalWords & { protocols: readonly [string, ...string[]] },
): Setting<string | undefined> => ({
  name,
  isSecret: true,
  ...words,
  expected: `a URL that begins with ${protocols.map((protocol) => `${protocol}://`).join(' or ')}, with special characters in the password percent-encoded`,
  parse: (written) =>
    URL.canParse(written) && protocols.some((protocol) => written.toLowerCase().startsWith(`${protocol}://`))
      ? written
      : undefined,
  // The URL is malformed, so the password could be anywhere in it.
  show: (written) => `${/^[a-z][a-z0-9+.-]*:\/\//i.exec(written)?.[0] ?? ''}(hidden)`,
});

/** Where Redis is. */
export const redisUrl = (name: string, words: OptionalWords): Setting<string | undefined> => ({
  ...url(name, { ...words, protocols: ['redis', 'rediss', 'redis+sentinel', 'rediss+sentinel'] }),
  parse: (written) => ('expected' in readRedisUrl(written) ? undefined : written),
  explain: (written) => {
    const way = readRedisUrl(written);
    return 'expected' in way ? way.expected : undefined;
  },
});

/** Where files are. */
export const filesUrl = (name: string, words: OptionalWords): Setting<string | undefined> => ({
  ...url(name, { ...words, protocols: ['s3', 'file'] }),
  parse: (written) => ('expected' in readFilesUrl(written) ? undefined : written),
  explain: (written) => {
    const way = readFilesUrl(written);
    return 'expected' in way ? way.expected : undefined;
  },
});

/** Where a virus scanner listens. */
export const clamdUrl = (name: string, words: OptionalWords): Setting<string | undefined> => ({
  name,
  ...words,
  expected: 'tcp://HOST:PORT or unix:///PATH',
  parse: (written) => (readClamdUrl(written) === undefined ? undefined : written),
});

/** An http or https URL without a trailing slash. */
export const publicUrl = (name: string, words: OptionalWords): Setting<string | undefined> => ({
  name,
  ...words,
  expected: 'a URL such as https://chat.example.org, without ? and #',
  parse: (written) => {
    if (!URL.canParse(written)) return undefined;
    const { protocol, username, search, hash, origin, pathname } = new URL(written);
    const isPlain = /^https?:$/.test(protocol) && username + search + hash === '';
    return isPlain ? `${origin}${pathname}`.replace(/\/+$/, '') : undefined;
  },
});

export const databaseUrl = (name: string, words: OptionalWords): Setting<string | undefined> => ({
  ...url(name, { protocols: ['postgresql', 'postgres'], ...words }),
  parse: (written) => (lackOfUrl(written) === undefined ? written : undefined),
  explain: lackOfUrl,
});

const lackOfUrl = (written: string): string | undefined => {
  try {
    parseDatabaseUrl(written);
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseUrlError) return error.message;
    throw error;
  }
};

const SECRET_BYTES = 32;

export const tokenSecret = (name: string, words: OptionalWords): Setting<string | undefined> => ({
  name,
  isSecret: true,
  ...words,
  expected: `at least ${SECRET_BYTES} bytes`,
  parse: (written) => (Buffer.byteLength(written) >= SECRET_BYTES ? written : undefined),
  show: (written) => `(hidden, ${Buffer.byteLength(written)} bytes)`,
});

/** Text that may be unset. */
export const optionalText = (
  name: string,
  words: OptionalWords & { expected: string },
): Setting<string | undefined> => ({
  name,
  ...words,
  parse: (written) => (written.includes('\0') ? undefined : written),
});

/** Whether the value is a path rather than the key itself. */
export const isKeyPath = (written: string): boolean =>
  /^(\/|~|\.\.?[/\\]|[a-z]:[/\\])/i.test(written) || /\.(pem|pub|crt|key|json|jwks|txt)$/i.test(written);

/** A key, or the path of a file that holds it; `trusted-keys.ts` reads the file. */
export const keyOrPath = (name: string, words: OptionalWords): Setting<string | undefined> => ({
  name,
  isSecret: true,
  ...words,
  expected: `a shared secret of at least ${SECRET_BYTES} bytes, a public key in PEM, or the path of a file with one of them or with a JWKS (it begins with / or ./)`,
  parse: (written) => (isKeyPath(written) || Buffer.byteLength(written) >= SECRET_BYTES ? written : undefined),
  show: (written) => `(hidden, ${Buffer.byteLength(written)} bytes)`,
});

/** `*`, or origins as browsers send them. Undefined: unset. */
export type AllowedOrigins = '*' | readonly string[] | undefined;

export const origins = (name: string, words: OptionalWords): Setting<AllowedOrigins> => ({
  name,
  ...words,
  expected: 'origins such as https://chat.example.org, separated by commas, or * for all',
  parse: (written) => {
    if (written === '*') return '*';
    const all = written.split(',').map((one) => asOrigin(one.trim()));
    return all.includes(undefined) ? undefined : (all as string[]);
  },
});

/** As browsers write it: lower case, no default port, no trailing slash. */
const asOrigin = (written: string): string | undefined => {
  const pattern = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s*]+\/?$/i;
  if (!pattern.test(written) || !URL.canParse(written)) return undefined;
  // Not `origin`: it is "null" for app schemes such as capacitor://localhost.
  const { protocol, host } = new URL(written);
  return `${protocol}//${host}`;
};
