import { describe, expect, it } from 'vitest';
import { ConfigError } from '../src/config.js';
import { UnavailableError } from '../src/db/database.js';
import { DatabaseDamagedError } from '../src/db/embedded.js';
import { ReadOnlyDatabaseError, UnfitDatabaseError } from '../src/db/finding.js';
import { FolderInUseError } from '../src/db/folder-lock.js';
import { MigrationError } from '../src/db/migrations.js';
import { ServerTooOldError } from '../src/db/pool.js';
import { asFailure } from '../src/failure.js';
import { SecretDamagedError } from '../src/secret.js';

const system = (code: string, syscall: string, path?: string) =>
  Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, ...(path === undefined ? {} : { path }) });

describe('asFailure', () => {
  it.each([
    [new ConfigError([{ name: 'PORT', value: '"x"', expected: 'a number' }]), 78, /PORT is "x"; expected a number/],
    [new FolderInUseError('./data'), 75, /\.\/data is in use/],
    [new SecretDamagedError('data/token-secret'), 73, /token-secret is damaged/],
    [system('EACCES', 'mkdir', '/data'), 73, /data folder: EACCES/],
    [
      system('EMFILE', 'open', '/data/db'),
      71,
      /^Too many open files \(EMFILE: open\)\. Raise the limit to 65536 \(ulimit -n, /,
    ],
    [new UnavailableError(1000, { cause: system('EMFILE', 'connect') }), 71, /^Too many open files/],
    [new DatabaseDamagedError('It cannot be opened', { cause: system('ENFILE', 'open') }), 71, /^Too many open files/],
    [system('EADDRINUSE', 'listen'), 71, /Cannot listen: EADDRINUSE/],
    [system('EACCES', 'listen'), 71, /Cannot listen: EACCES/],
    [
      new UnavailableError(1000, { cause: new Error('connect ECONNREFUSED') }),
      69,
      /not available: connect ECONNREFUSED$/,
    ],
    [
      new UnavailableError(1000, { cause: new AggregateError([new Error('connect ::1')], '') }),
      69,
      /not available: connect ::1$/,
    ],
    [Object.assign(new Error('password authentication failed'), { code: '28P01' }), 69, /refuses: password auth/],
    [new MigrationError('newer', ['1_later']), 65, /newer version/],
    [new DatabaseDamagedError('The database in ./data is damaged'), 65, /damaged/],
    [new ServerTooOldError('PostgreSQL 13 is too old'), 65, /too old/],
    [new UnfitDatabaseError('PostgreSQL may lose what it has confirmed: fsync=off'), 65, /confirmed: fsync=off$/],
    [new ReadOnlyDatabaseError('The database is read only: a standby'), 69, /read only: a standby$/],
  ])('tells %s in one line, with code %i', (error, exitCode, line) => {
    const failure = asFailure(error);

    expect(failure.exitCode).toBe(exitCode);
    expect(failure.line).toMatch(line);
    expect(failure.line).not.toMatch(/^\s+at /m);
  });

  it('shows where what nobody foresaw came from, with code 1', () => {
    expect(asFailure(new RangeError('far out'))).toMatchObject({
      exitCode: 1,
      line: expect.stringMatching(/^Unexpected RangeError: far out\n\s+at /) as string,
    });
    expect(asFailure('thrown')).toEqual({ exitCode: 1, line: 'Unexpected: thrown' });
  });
});
