import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readClamdUrl } from '../../src/clamd-url.js';
import { createScanner, ScannerUnavailableError } from '../../src/files/scanner.js';
import { EICAR, findsEicar, startStandIn } from '../support/clamd.js';
import { temporaryFolder } from '../support/database.js';

const scannerAt = (url: string, silentMs = 5000) => createScanner(readClamdUrl(url)!, { silentMs });

const fileOf = (bytes: Buffer | string) => {
  const path = join(temporaryFolder(), 'bytes');
  writeFileSync(path, bytes);
  return path;
};

describe('A virus scanner', () => {
  it('is given all of a file, and says what it found', async () => {
    const bytes = randomBytes(3_000_000);
    const seen: Buffer[] = [];
    const { url } = await startStandIn((file) => {
      seen.push(file);
      return findsEicar(file);
    });
    const scanner = scannerAt(url);

    expect(await scanner.scan(fileOf(bytes))).toBeNull();
    expect(await scanner.scan(fileOf(EICAR))).toBe('Eicar-Test');
    expect(seen[0]!.equals(bytes)).toBe(true);
  });

  it('that is away, silent, closing or refusing has found nothing and cleared nothing', async () => {
    const silent = await startStandIn(() => undefined);
    const closing = await startStandIn(() => '');
    const refusing = await startStandIn(() => 'INSTREAM size limit exceeded. ERROR\0');
    const away = await startStandIn(findsEicar);
    await away.stop();

    for (const { url } of [silent, closing, refusing, away])
      await expect(scannerAt(url, 300).scan(fileOf('x'))).rejects.toThrow(ScannerUnavailableError);
    await expect(scannerAt(refusing.url).scan(fileOf('x'))).rejects.toThrow(/StreamMaxLength/);
  });

  it('is asked by many at once, in turns', async () => {
    const { url } = await startStandIn(findsEicar);
    const scanner = scannerAt(url);

    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, place) => scanner.scan(fileOf(place % 2 === 0 ? 'x' : EICAR))),
    );

    expect(answers).toEqual(Array.from({ length: 20 }, (_, place) => (place % 2 === 0 ? null : 'Eicar-Test')));
  });
});
