/** The valid settings. An invalid one does not prevent checks that need only the others. */
import { readConfig, type Config, type Environment, type SettingKey } from '../../config.js';
import { exitCodes } from '../../exit-codes.js';
import { settings } from '../../settings.js';
import type { Check } from './check.js';

const name = 'settings';

export const readLeniently = (environment: Environment): { config: Partial<Config>; checks: Check[] } => {
  const outcome = readConfig(environment);
  const warnings = outcome.warnings.map((sentence): Check => ({ name, outcome: 'warning', sentence }));
  if ('config' in outcome) {
    const checks: Check[] = [...warnings, { name, outcome: 'ok', sentence: 'All settings are valid' }];
    return { config: outcome.config, checks };
  }
  const refusals = outcome.problems.map((problem): Check => ({
    name,
    outcome: 'refusal',
    sentence: `${problem.name} is ${problem.value ?? 'not set'}; expected ${problem.expected}`,
    code: exitCodes.config,
  }));
  return { config: readEach(environment), checks: [...refusals, ...warnings] };
};

const readEach = (environment: Environment): Partial<Config> =>
  Object.assign(
    {},
    ...(Object.keys(settings) as SettingKey[]).map((key) => {
      const outcome = readConfig(environment, { only: [key] });
      return 'config' in outcome ? outcome.config : {};
    }),
  ) as Partial<Config>;
