// `npm run bench -- NAME [options]`: runs bench/NAME.ts from source.
import { register } from 'tsx/esm/api';
import { generateClient } from '../scripts/generate-client.mjs';

await generateClient();
const name = process.argv.splice(2, 1)[0] ?? 'send';
register();
await import(`./${name}.ts`);
