import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { requireConfig } from '../src/config.js';
import { envExample, settingsHelp, withSettingsTable } from '../src/settings-text.js';
import { settings } from '../src/settings.js';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

describe('The settings as they are documented', () => {
  it('docs/settings.md shows every setting as it is (else run `npm run settings`)', () => {
    const page = read('docs/settings.md');

    expect(withSettingsTable(page)).toBe(page);
    for (const { name } of Object.values(settings)) expect(page).toContain(`| \`${name}\` |`);
  });

  it('.env.example shows every setting as it is (else run `npm run settings`)', () => {
    expect(envExample()).toBe(read('.env.example'));
  });

  it('.env.example changes nothing as it is, nor with every line switched on', () => {
    const switchedOn = read('.env.example').replaceAll(/^#(?=[A-Z_]+=)/gm, '');

    expect(parse(read('.env.example'))).toEqual({});
    expect(Object.keys(parse(switchedOn))).toEqual(Object.values(settings).map(({ name }) => name));
    expect(requireConfig(parse(switchedOn))).toEqual(requireConfig({}));
  });

  it('the help names every setting', () => {
    for (const { name } of Object.values(settings)) expect(settingsHelp()).toContain(`  ${name} `);
  });
});
