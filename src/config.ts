/** Environment → Config. Pure except for `readEnvironment` and the files that settings name. Reports all problems at once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { probablyMeant } from './misspelt.js';
import { fileNameOf, readSecretFile } from './secret-file.js';
import type { Setting } from './setting.js';
import { settings } from './settings.js';

type Settings = typeof settings;
export type SettingKey = keyof Settings;

/** The value of each setting, under its name in camelCase. The names carry the units. */
export type Config = {
  readonly [Key in SettingKey]: Settings[Key] extends Setting<infer Value> ? Value : never;
};

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Problem {
  /** The setting's name. */
  name: string;
  /** The value as written, secrets hidden. Undefined if unset. */
  value: string | undefined;
  /** Completes "expected …". */
  expected: string;
}

export type ConfigOutcome<Read> = { warnings: string[] } & ({ config: Read } | { problems: Problem[] });

interface ReadOptions<Key extends SettingKey> {
  /** The settings to read. The others are not validated, so mistakes in them do not matter. */
  only?: readonly Key[];
}

/** Reads the settings. An empty value counts as unset, because compose files pass unset variables as empty. */
export const readConfig = <Key extends SettingKey = SettingKey>(
  environment: Environment,
  { only = Object.keys(settings) as Key[] }: ReadOptions<Key> = {},
): ConfigOutcome<Pick<Config, Key>> => {
  const written = (name: string) => environment[name]?.trim() || undefined;
  const isWritten = (name: string) => written(name) !== undefined || written(fileNameOf(name)) !== undefined;
  const config: Record<string, unknown> = {};
  const problems: Problem[] = [];

  for (const key of only) {
    const setting: Setting<unknown> = settings[key];
    const file = setting.isSecret && written(fileNameOf(setting.name));
    const found = file ? fromFile(setting, file, written(setting.name)) : { given: written(setting.name) };
    if ('problem' in found) {
      problems.push(found.problem);
      continue;
    }
    const { given } = found;
    const requiring = given === undefined ? requirementOf(key, isWritten) : undefined;
    const value = given ?? setting.default;
    config[key] = value === undefined ? derived[key]?.(written) : setting.parse(value);
    if (requiring !== undefined || (value !== undefined && config[key] === undefined))
      problems.push(asProblem(file ? { ...setting, name: fileNameOf(setting.name) } : setting, given, requiring));
  }

  if (config.metricsPort === config.port && typeof config.port === 'number' && config.port !== 0)
    problems.push({ name: 'METRICS_PORT', value: `${config.port}, as PORT is`, expected: 'a port of its own' });

  const warnings = misspelt(environment);
  return problems.length > 0 ? { problems, warnings } : { config: config as Pick<Config, Key>, warnings };
};

const fromFile = (
  { name, expected }: Setting<unknown>,
  path: string,
  beside: string | undefined,
): { given: string } | { problem: Problem } => {
  const fileName = fileNameOf(name);
  if (beside !== undefined) {
    return { problem: { name: fileName, value: `set, and ${name} too`, expected: 'one of the two' } };
  }
  const read = readSecretFile(path);
  if ('content' in read) return { given: read.content };
  return { problem: { name: fileName, value: `${read.reason}: ${quoted(path)}`, expected: `a file with ${expected}` } };
};

type Written = (name: string) => string | undefined;

/** Defaults that depend on another setting. */
const derived: Partial<Record<SettingKey, (written: Written) => unknown>> = {
  introspection: (written) => isHostLoopback(written),
  graphiql: (written) => isHostLoopback(written),
};

const isHostLoopback = (written: Written) => isLoopback(written(settings.host.name) ?? settings.host.default!);

const requirements: Partial<Record<SettingKey, readonly SettingKey[]>> = {
  // A generated secret stays in one node's data folder, but all nodes on one PostgreSQL must share the secret.
  tokenSecret: ['databaseUrl'],
  // Key and issuer need each other, and an audience needs the key.
  trustedIssuer: ['trustedKey'],
  trustedKey: ['trustedIssuer', 'trustedAudience'],
};

/** @returns the name of the setting that makes this one required */
const requirementOf = (key: SettingKey, isWritten: (name: string) => boolean): string | undefined =>
  requirements[key]?.map((other) => settings[other].name).find(isWritten);

const asProblem = (setting: Setting<unknown>, given: string | undefined, requiring: string | undefined): Problem => ({
  name: setting.name,
  value: given === undefined ? undefined : (setting.show?.(given) ?? quoted(given)),
  expected:
    requiring === undefined
      ? ((given === undefined ? undefined : setting.explain?.(given)) ?? setting.expected)
      : `${setting.expected}, as ${requiring} is set`,
});

// Always one line, whatever was pasted.
const quoted = (given: string) => JSON.stringify(given.length > 80 ? `${given.slice(0, 80)}…` : given);

/** Only names similar to ours: the rest of the environment is none of our business. */
const misspelt = (environment: Environment): string[] => {
  const known = Object.values(settings).flatMap((setting: Setting<unknown>) =>
    setting.isSecret ? [setting.name, fileNameOf(setting.name)] : [setting.name],
  );
  return Object.keys(environment).flatMap((name) => {
    const meant = probablyMeant(name, known);
    return meant === undefined ? [] : [`Unknown setting ${JSON.stringify(name)}: did you mean ${meant}?`];
  });
};

/** The settings are wrong. The message lists every problem, one a line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
  constructor(
    readonly problems: readonly Problem[],
    warnings: readonly string[] = [],
  ) {
    super(
      [
        problems.length === 1 ? 'A setting is wrong:' : `${problems.length} settings are wrong:`,
        ...problems.map(({ name, value, expected }) => `  ${name} is ${value ?? 'not set'}; expected ${expected}`),
        ...warnings,
      ].join('\n'),
    );
  }
}

/**
 * Reads the settings for callers that cannot continue without them.
 *
 * @throws ConfigError with every problem
 */
export const requireConfig = <Key extends SettingKey = SettingKey>(
  environment: Environment,
  options?: ReadOptions<Key>,
): { config: Pick<Config, Key>; warnings: string[] } => {
  const outcome = readConfig(environment, options);
  if ('problems' in outcome) throw new ConfigError(outcome.problems, outcome.warnings);
  return outcome;
};

/**
 * The process's environment merged over the `.env` file of `directory`, if it exists.
 *
 * @throws ConfigError if the file exists but cannot be read
 */
export const readEnvironment = (directory = process.cwd(), environment: Environment = process.env): Environment => {
  try {
    return { ...parse(readFileSync(join(directory, '.env'))), ...environment };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    if (code === 'ENOENT') return { ...environment };
    throw new ConfigError([
      { name: '.env', value: `a file that cannot be read (${code})`, expected: 'a readable one, or none' },
    ]);
  }
};

/** Whether only this machine can reach `host`. */
export const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i.test(host);

/** Whether the settings allow only this machine: a loopback host, no proxy in front, and no origin from elsewhere. */
export const isForThisMachine = ({
  host,
  trustProxy,
  allowedOrigins = [],
}: Pick<Config, 'host' | 'trustProxy' | 'allowedOrigins'>): boolean =>
  isLoopback(host) && trustProxy === 0 && allowedOrigins !== '*' && allowedOrigins.every(isOriginLocal);

const isOriginLocal = (origin: string) => {
  const { protocol, hostname } = new URL(origin);
  return /^https?:$/.test(protocol) && isLoopback(hostname.replace(/^\[(.*)\]$/, '$1'));
};
