/** Environment → Config. Pure but for `readEnvironment`; every problem is reported at once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import { probablyMeant } from './misspelt.js';
import type { Setting } from './setting.js';
import { settings } from './settings.js';

type Settings = typeof settings;
export type SettingKey = keyof Settings;

/** What each setting says, under its name in camelCase; the units are in the names. */
export type Config = {
  readonly [Key in SettingKey]: Settings[Key] extends Setting<infer Value> ? Value : never;
};

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Problem {
  /** Of the setting. */
  name: string;
  /** As it was written, secrets hidden; undefined where it is not set. */
  value: string | undefined;
  /** Completes "expected …". */
  expected: string;
}

export type ConfigOutcome<Read> = { warnings: string[] } & ({ config: Read } | { problems: Problem[] });

interface ReadOptions<Key extends SettingKey> {
  /** The settings that matter; the others are not looked at, so that mistakes in them stop nobody. */
  only?: readonly Key[];
}

/** Reads the settings. An empty one counts as unset, as compose files write it. */
export const readConfig = <Key extends SettingKey = SettingKey>(
  environment: Environment,
  { only = Object.keys(settings) as Key[] }: ReadOptions<Key> = {},
): ConfigOutcome<Pick<Config, Key>> => {
  const written = (name: string) => environment[name]?.trim() || undefined;
  const config: Record<string, unknown> = {};
  const problems: Problem[] = [];

  for (const key of only) {
    const setting: Setting<unknown> = settings[key];
    const given = written(setting.name);
    const requiring = given === undefined ? requirementOf(key, written) : undefined;
    const value = given ?? setting.default;
    config[key] = value === undefined ? undefined : setting.parse(value);
    if (requiring !== undefined || (value !== undefined && config[key] === undefined))
      problems.push(asProblem(setting, given, requiring));
  }

  const warnings = misspelt(environment);
  return problems.length > 0 ? { problems, warnings } : { config: config as Pick<Config, Key>, warnings };
};

const requirements: Partial<Record<SettingKey, readonly SettingKey[]>> = {
  // A generated secret is kept in the data folder of one node; the nodes on one PostgreSQL must share it.
  tokenSecret: ['databaseUrl'],
  // Whose tokens are trusted must be said in full.
  trustedIssuer: ['trustedKey'],
  trustedKey: ['trustedIssuer', 'trustedAudience'],
};

/** @returns the name of the setting because of which this one must be there too */
const requirementOf = (key: SettingKey, written: (name: string) => string | undefined): string | undefined =>
  requirements[key]?.map((other) => settings[other].name).find((name) => written(name) !== undefined);

const asProblem = (setting: Setting<unknown>, given: string | undefined, requiring: string | undefined): Problem => ({
  name: setting.name,
  value: given === undefined ? undefined : (setting.show?.(given) ?? quoted(given)),
  expected: requiring === undefined ? setting.expected : `${setting.expected}, as ${requiring} is set`,
});

// One line, whatever was pasted.
const quoted = (given: string) => JSON.stringify(given.length > 80 ? `${given.slice(0, 80)}…` : given);

/** Only names near ours: the rest of the environment is none of our business. */
const misspelt = (environment: Environment): string[] => {
  const known = Object.values(settings).map((setting) => setting.name);
  return Object.keys(environment).flatMap((name) => {
    const meant = probablyMeant(name, known);
    return meant === undefined ? [] : [`Unknown setting ${JSON.stringify(name)}: did you mean ${meant}?`];
  });
};

/** The settings are wrong. Its message says all that is wrong, a line for each. */
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
 * Reads the settings where there is no going on without them.
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
 * The process's environment over the `.env` file of `directory`, if it has one.
 *
 * @throws ConfigError where there is one that cannot be read
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
