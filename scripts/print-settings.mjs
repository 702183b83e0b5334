// `npm run settings`. Writes the README's table of settings and .env.example from src/settings.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const { envExample, withSettingsTable } = await import('../src/settings-text.ts');

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
writeFileSync(path('README.md'), withSettingsTable(readFileSync(path('README.md'), 'utf8')));
writeFileSync(path('.env.example'), envExample());
