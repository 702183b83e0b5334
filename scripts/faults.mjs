// `npm run faults -- [RUN…] [options]`: test/faults/main.ts from source.
import { register } from 'tsx/esm/api';
import { generateClient } from './generate-client.mjs';

await generateClient();
register();
await import('../test/faults/main.ts');
