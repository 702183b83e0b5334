/** The settings as people read them: in docs/settings.md, in `.env.example` and in `parley settings`. */
import { fileNameOf } from './secret-file.js';
import type { Setting } from './setting.js';
import { settings } from './settings.js';

const all: readonly Setting<unknown>[] = Object.values(settings);

const MARKERS = ['<!-- settings -->', '<!-- /settings -->'] as const;

/**
 * The page with its table of settings replaced, between the two markers.
 *
 * @throws Error if a marker is missing
 */
export const withSettingsTable = (page: string): string => {
  const [start, end] = MARKERS.map((marker) => page.indexOf(marker)) as [number, number];
  if (start < 0 || end < start) throw new Error(`docs/settings.md lacks ${MARKERS.join(' … ')}`);
  return `${page.slice(0, start + MARKERS[0].length)}\n\n${settingsTable()}\n${page.slice(end)}`;
};

const settingsTable = (): string => {
  const rows = all.map((setting) => [
    `\`${setting.name}\``,
    setting.default === undefined ? setting.unset! : `\`${setting.default}\``,
    setting.expected,
    setting.description,
  ]);
  const secrets = all.filter(({ isSecret }) => isSecret).map(({ name }) => `\`${name}\``);
  const inFiles = `\n${listOf(secrets)} can be read from files instead, which is how containers receive secrets: \`TOKEN_SECRET_FILE=/run/secrets/token\`, and likewise for the others.\n`;
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  return (
    [['Setting', 'Default', 'Values', 'Purpose'], ['---', '---', '---', '---'], ...rows].map(line).join('') + inFiles
  );
};

const listOf = (names: readonly string[]) => `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

/** `.env.example`: every setting, commented out, at its default. */
export const envExample = (): string =>
  [
    '# Copy this file to .env and uncomment the settings you change. Variables of the environment itself take precedence.',
    ...all.map((setting) => {
      const unset = setting.default === undefined ? [`# Unset: ${setting.unset}.`] : [];
      const inFile = setting.isSecret ? [`# Or ${fileNameOf(setting.name)}, the path of a file that holds it.`] : [];
      return [
        `# ${setting.description}`,
        ...unset,
        `# Expects ${setting.expected}.`,
        ...inFile,
        `#${assignment(setting)}`,
      ].join('\n');
    }),
  ].join('\n\n') + '\n';

const assignment = (setting: Setting<unknown>) => `${setting.name}=${setting.default ?? ''}`;

/** For `parley settings`: two lines for each setting, its purpose and its values. */
export const settingsHelp = (): string => {
  const width = Math.max(...all.map((setting) => setting.name.length));
  return all
    .map((setting) => {
      const inFile = setting.isSecret ? `; or ${fileNameOf(setting.name)}, the path of a file that holds it` : '';
      const unset = setting.default ?? `unset: ${setting.unset}`;
      return `  ${setting.name.padEnd(width)}  ${setting.description}\n  ${' '.repeat(width)}  (${unset}; expects ${setting.expected}${inFile})`;
    })
    .join('\n');
};
