/** `parley doctor`: all checks that need no running node, one line each, with a remedy. It changes nothing. */
import { readEnvironment, type Environment } from '../../config.js';
import { exitCodes } from '../../exit-codes.js';
import { checkDatabase } from './database.js';
import { checkFiles } from './files.js';
import { checkHost, checkListening } from './host.js';
import { checkProxies } from './proxies.js';
import { checkBus } from './redis.js';
import type { Check } from './check.js';
import { readLeniently } from './settings.js';

interface DoctorOptions {
  /** The URL that clients use, through any proxies in front. */
  url?: URL;
  json?: true;
}

/** @returns the exit code of the first problem a start would meet; 2 if there are only warnings */
export const doctor = async ({ url, json }: DoctorOptions): Promise<number> => {
  const found: Check[] = [];
  const tell = (check: Check): void => {
    found.push(check);
    if (!json) process.stdout.write(`${lineOf(check)}\n`);
  };

  const environment: Environment = readEnvironment();
  const { config, checks } = readLeniently(environment);
  checks.forEach(tell);
  // Keeps the process alive: a pending `fetch` alone need not, and the process would exit early with code 13.
  const awake = setInterval(() => {}, 60_000);
  for await (const check of all(config, url)) tell(check);
  clearInterval(awake);

  if (json) process.stdout.write(`${JSON.stringify(found.map(withoutCode), null, 2)}\n`);
  else process.stdout.write(`${summary(found)}\n`);
  return found.find(({ outcome }) => outcome === 'refusal')?.code ?? (found.some(isWarning) ? exitCodes.warned : 0);
};

type Config = ReturnType<typeof readLeniently>['config'];

async function* all(config: Config, url: URL | undefined): AsyncGenerator<Check> {
  yield* checkHost(config);
  yield* checkDatabase(config);
  yield* checkBus(config);
  yield* checkFiles(config);
  yield* checkListening(config);
  if (url !== undefined) yield* checkProxies(config, url);
}

const isWarning = ({ outcome }: Check) => outcome === 'warning';

const WORDS = { ok: 'ok', warning: 'warning', refusal: 'problem' } as const;

const lineOf = ({ name, outcome, sentence, remedy }: Check): string =>
  `${WORDS[outcome].padEnd(8)} ${name.padEnd(12)} ${sentence}${remedy === undefined ? '' : `. ${remedy}`}`;

const withoutCode = ({ name, outcome, sentence, remedy }: Check) => ({ check: name, outcome, sentence, remedy });

const summary = (found: readonly Check[]): string => {
  const refusals = found.filter(({ outcome }) => outcome === 'refusal').length;
  const warnings = found.filter(isWarning).length;
  const count = (many: number, word: string) => `${many} ${word}${many === 1 ? '' : 's'}`;
  if (refusals > 0) return `${count(refusals, 'problem')} and ${count(warnings, 'warning')}: Parley will not start.`;
  return warnings > 0 ? `${count(warnings, 'warning')}: Parley will start.` : 'All is well.';
};
