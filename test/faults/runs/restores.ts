/** Databases put back to what they were, under clients with cursors from the future that was lost: test/services/restore.test.ts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stripVTControlCharacters } from 'node:util';
import type { Run } from '../run.js';

export const restores: Run = {
  name: 'restores',
  describe:
    'an older dump over the same database, its rows alone, and a copied folder, under cursors of the lost future',
  run: async () => {
    const test = spawn(process.execPath, ['scripts/test-services.mjs', 'test/services/restore.test.ts'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    test.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const [code] = (await once(test, 'close')) as [number | null];
    const tests = Number(/Tests +(\d+) passed/.exec(stripVTControlCharacters(output))?.[1] ?? 0);
    return { anomalies: [], complaints: code === 0 && tests > 0 ? [] : [output.slice(-3000)], figures: { tests } };
  },
};
