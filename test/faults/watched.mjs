// A node as `npm start` runs it, in which one thing is wrong on purpose: SABOTAGE names it. Without that it is a node like any
// other that tells on SIGUSR2 what it holds.
import { register } from 'node:module';
import { generateClient } from '../../scripts/generate-client.mjs';

await generateClient();
// Before tsx, which comes to it for the text of each file.
register('./sabotage/patch.mjs', import.meta.url, { data: { sabotage: process.env.SABOTAGE } });
const { register: registerTsx } = await import('tsx/esm/api');
registerTsx();
await import('./holdings.mjs');
await import('../../src/main.ts');
