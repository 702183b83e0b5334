// `npm run settings`. Writes the table of docs/settings.md and .env.example from src/settings.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const { envExample, withSettingsTable } = await import('../src/settings-text.ts');

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
writeFileSync(path('docs/settings.md'), withSettingsTable(readFileSync(path('docs/settings.md'), 'utf8')));
writeFileSync(path('.env.example'), envExample());
