import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.js';
import { parseDatabaseUrl } from '../src/database-url.js';
import { temporaryFolder } from './support/database.js';

const hostsOf = (url: string) => parseDatabaseUrl(url).hosts.map(({ host, port }) => `${host}:${port}`);

const file = join(temporaryFolder(), 'root.pem');
writeFileSync(file, 'a certificate');

describe('DATABASE_URL', () => {
  it.each([
    ['postgresql://one/db', ['one:undefined']],
    ['postgres://one:6432/db', ['one:6432']],
    ['postgresql://u:p@one,two/db?target_session_attrs=read-write', ['one:undefined', 'two:undefined']],
    ['postgresql://u@one:1,two:2,[::1]:3/db', ['one:1', 'two:2', '::1:3']],
    ['postgresql://u@one,two/db?port=6432', ['one:6432', 'two:6432']],
    ['postgresql://u@/db?host=/run/postgresql', ['/run/postgresql:undefined']],
    ['postgresql:///db?host=/run/postgresql&port=6432', ['/run/postgresql:6432']],
    ['postgresql://u@%2Frun%2Fpostgresql/db', ['/run/postgresql:undefined']],
    ['postgresql://u@ignored/db?host=one,two&port=1,2', ['one:1', 'two:2']],
    ['postgresql:///db', ['undefined:undefined']],
    ['postgresql://', ['undefined:undefined']],
  ])('leads to the hosts that libpq would take: %s', (url, hosts) => {
    expect(hostsOf(url)).toEqual(hosts);
  });

  it.each([
    ['postgresql://ada:p%40ss%3Aw%2F@one/db', 'ada', 'p@ss:w/', 'db'],
    ['postgresql://ada:p@ss@one/db%20two', 'ada', 'p@ss', 'db two'],
    ['postgresql://ada:50%off@one/db', 'ada', '50%off', 'db'],
    ['postgresql://one', undefined, undefined, undefined],
    ['postgresql://one/?user=ada&password=x&dbname=db', 'ada', 'x', 'db'],
  ])('says who and what: %s', (url, user, password, database) => {
    expect(parseDatabaseUrl(url)).toMatchObject({ user, password, database });
  });

  it.each([
    ['', undefined],
    ['sslmode=disable', false],
    ['sslmode=require', { isVerified: false, isNameVerified: false }],
    [
      `sslmode=require&sslrootcert=${file}`,
      { isVerified: true, isNameVerified: false, rootCertificate: 'a certificate' },
    ],
    [`sslmode=verify-ca&sslrootcert=${file}`, { isVerified: true, isNameVerified: false }],
    ['sslmode=verify-full', { isVerified: true, isNameVerified: true, rootCertificate: undefined }],
    ['sslmode=verify-full&sslrootcert=system', { isVerified: true, isNameVerified: true, rootCertificate: undefined }],
    [`sslrootcert=${file}`, { isVerified: true, isNameVerified: true, rootCertificate: 'a certificate' }],
    [`sslmode=verify-full&sslcert=${file}&sslkey=${file}`, { certificate: 'a certificate', key: 'a certificate' }],
    ['ssl=true', { isVerified: true, isNameVerified: true }],
    ['sslmode=no-verify', { isVerified: false, isNameVerified: false }],
    ['ssl=0', false],
  ])('has TLS as libpq has it: %s', (query, expected) => {
    const { ssl } = parseDatabaseUrl(`postgresql://one/db?${query}`);

    if (typeof expected === 'object') expect(ssl).toMatchObject(expected);
    else expect(ssl).toBe(expected);
  });

  it('hands on what the driver knows, and nothing that would make it another one', () => {
    const url =
      'postgresql://one/db?application_name=mine&options=-c%20geqo%3Doff&max=500&schema=chat&connection_limit=5';

    expect(parseDatabaseUrl(url)).toMatchObject({
      others: { application_name: 'mine', options: '-c geqo=off' },
      schema: 'chat',
    });
  });

  it.each([
    ['mysql://one/db', /^a URL that begins with postgresql:\/\/ or postgres:\/\//],
    ['postgresql://ada:secret/word@one/db', /^a URL whose ports are numbers .* percent-encoded$/],
    ['postgresql://one:0/db', /ports are numbers/],
    ['postgresql://one,two,three/db?port=1,2', /^one port for all hosts, or one for each: there are 3 and 2$/],
    ['postgresql://one,two/db?target_session_attrs=standby', /^target_session_attrs to be read-write.* Parley writes/],
    [
      'postgresql://one/db?sslmode=prefer',
      /^sslmode to be disable, .*: prefer silently continues without TLS if the server has none/,
    ],
    ['postgresql://one/db?sslmode=allow', /^sslmode to be disable/],
    ['postgresql://one/db?sslmode=on', /^sslmode to be disable/],
    ['postgresql://one/db?sslmode=verify-ca', /^sslmode=verify-ca together with sslrootcert=FILE/],
    [
      'postgresql://one/db?sslrootcert=/not/there',
      /^sslrootcert to be a file that can be read \(ENOENT: \/not\/there\)$/,
    ],
    ['postgresql://one/db?schema=a,b', /^schema to be the name of one schema/],
  ])('is refused with the true reason, and without its password: %s', (url, expected) => {
    const outcome = readConfig({ DATABASE_URL: url }, { only: ['databaseUrl'] });

    const [problem] = 'problems' in outcome ? outcome.problems : [];
    expect(problem?.expected).toMatch(expected);
    expect(JSON.stringify(problem)).not.toContain('secret');
  });
});
