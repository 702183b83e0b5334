/** The settings as people read them: in the README, in `.env.example` and in the command line's help. */
import type { Setting } from './setting.js';
import { settings } from './settings.js';

const all: readonly Setting<unknown>[] = Object.values(settings);

const MARKERS = ['<!-- settings -->', '<!-- /settings -->'] as const;

/**
 * The README with its table of settings, between the two markers, written anew.
 *
 * @throws Error where a marker is missing
 */
export const withSettingsTable = (readme: string): string => {
  const [start, end] = MARKERS.map((marker) => readme.indexOf(marker)) as [number, number];
  if (start < 0 || end < start) throw new Error(`README.md lacks ${MARKERS.join(' … ')}`);
  return `${readme.slice(0, start + MARKERS[0].length)}\n\n${settingsTable()}\n${readme.slice(end)}`;
};

const settingsTable = (): string => {
  const rows = all.map((setting) => [
    `\`${setting.name}\``,
    setting.default === undefined ? setting.unset! : `\`${setting.default}\``,
    setting.expected,
    setting.description,
  ]);
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return [['Setting', 'Default', 'Takes', 'What for'], ['---', '---', '---', '---'], ...rows].map(line).join('');
};

/** `.env.example`: every setting, commented out, at its default. */
export const envExample = (): string =>
  [
    '# Copy this file to .env and take the # from what you set. What is set in the environment itself comes first.',
    ...all.map((setting) => {
      const unset = setting.default === undefined ? [`# Unset: ${setting.unset}.`] : [];
      return [`# ${setting.description}`, ...unset, `# Takes ${setting.expected}.`, `#${assignment(setting)}`].join(
        '\n',
      );
    }),
  ].join('\n\n') + '\n';

const assignment = (setting: Setting<unknown>) => `${setting.name}=${setting.default ?? ''}`;

/** For `--help`: a line for each setting and one for what it takes. */
export const settingsHelp = (): string => {
  const width = Math.max(...all.map((setting) => setting.name.length));
  return all
    .map((setting) => {
      const unset = setting.default ?? `unset: ${setting.unset}`;
      return `  ${setting.name.padEnd(width)}  ${setting.description}\n  ${' '.repeat(width)}  (${unset}; takes ${setting.expected})`;
    })
    .join('\n');
};
