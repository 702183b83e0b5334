import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readClamdUrl } from '../../../src/clamd-url.js';
import { createScanner } from '../../../src/files/scanner.js';
import { EICAR, startClamd } from '../../support/clamd.js';
import { temporaryFolder } from '../../support/database.js';

const fileOf = (bytes: Buffer | string) => {
  const path = join(temporaryFolder(), 'bytes');
  writeFileSync(path, bytes);
  return path;
};

it('T90 clamd says what it found, and that a file is too long for it', { timeout: 90_000 }, async () => {
  const scanner = createScanner(readClamdUrl(await startClamd())!, { silentMs: 5000 });

  expect(await scanner.scan(fileOf('hello'))).toBeNull();
  expect(await scanner.scan(fileOf(randomBytes(900_000)))).toBeNull();
  expect(await scanner.scan(fileOf(EICAR))).toBe('Eicar-Test.UNOFFICIAL');
  await expect(scanner.scan(fileOf(randomBytes(2_000_000)))).rejects.toThrow(/StreamMaxLength/);
});
