import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/db/open.js';
import { lockFolder } from '../../src/db/folder-lock.js';
import { settings } from '../../src/settings.js';
import { embeddedDatabase, temporaryFolder } from '../support/database.js';
import { parley } from '../support/parley.js';

const COMMANDS = [
  'serve',
  'settings',
  'migrate',
  'doctor',
  'create-admin',
  'set-password',
  'copy',
  'import',
  'demo',
  'chat',
];

const folder = async () => {
  const { config, drop } = await embeddedDatabase();
  onTestFinished(drop);
  return config.dataDir;
};

describe('The help', () => {
  it('names every command, what the settings come from and what the codes mean', async () => {
    const { code, out, err } = await parley(['--help']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const command of COMMANDS) expect(out).toMatch(new RegExp(`^  ${command}\\b.* {2,}\\w`, 'm'));
    expect(out).toContain('DATABASE_URL');
    expect(out).toMatch(/75 data folder in use/);
    expect(out.split('\n').every((line) => line.length <= 100)).toBe(true);
  });

  it.each(COMMANDS)('of %s says what it takes', async (command) => {
    const { code, out, err } = await parley([command, '--help']);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(new RegExp(`^Usage: parley ${command} `));
  });

  it('has a command that lists every setting', async () => {
    const { code, out } = await parley(['settings']);

    expect(code).toBe(0);
    for (const { name } of Object.values(settings)) expect(out).toContain(name);
  });
});

describe('A command line that is wrong', () => {
  it.each([
    [['dmeo'], /unknown command 'dmeo'.*demo/],
    [['demo', '--mesages', '3'], /unknown option '--mesages'.*--messages/],
    [['demo', '--users', 'many'], /--users.*'many'.*whole number from 1 to 1000000/],
    [['demo', '--messages', '-1'], /--messages.*whole number/],
    [['demo', 'more'], /too many arguments/],
    [['create-admin', '--username', 'ada'], /--email.*not specified/],
    [['copy'], /Say where to: --to, --files-to or both/],
    [['copy', '--to', 'mysql://ada:s3cret@localhost/db'], /--to takes a URL that begins with postgresql:/],
  ])('is refused in one line, with code 64: %j', async (args, line) => {
    const { code, out, err } = await parley(args, { env: { DATA_DIR: temporaryFolder() } });

    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toMatch(/^parley: [^\n]+\n$/);
    expect(err).toMatch(line);
    expect(err).not.toContain('s3cret');
  });

  it('names all that is wrong with an administrator, before anything is made', async () => {
    const dataDir = await folder();

    const { code, err } = await parley(['create-admin', '--username', 'a b', '--email', 'nowhere', '--password', 'x'], {
      env: { DATA_DIR: dataDir },
    });

    expect(code).toBe(64);
    expect(err).toMatch(/^parley: The username .*\. The password .*\. The e-mail address .*\.\n$/);
  });
});

describe('A database that cannot be used', () => {
  const nowhere = 'postgresql://ada:s3cret@127.0.0.1:1/parley';

  it.each([[['migrate']], [['migrate', '--status']], [['set-password', '--username', 'ada']], [['demo']]])(
    'ends in one line, with code 69, where nobody answers: %j',
    async (args) => {
      const { code, out, err } = await parley(args, { env: { DATABASE_URL: nowhere } });

      expect({ code, out }).toEqual({ code: 69, out: '' });
      expect(err).toMatch(/^parley: The database is not available: .*ECONNREFUSED[^\n]*\n$/);
      expect(err).not.toContain('s3cret');
    },
  );

  it.each([
    [['migrate']],
    [['create-admin', '--username', 'ada', '--email', 'ada@example.org']],
    [['demo']],
    [['copy', '--to', nowhere]],
    [['serve']],
  ])('ends in one line, with code 75, where another process has the folder: %j', async (args) => {
    const dataDir = await folder();
    onTestFinished(lockFolder(dataDir));

    const { code, err } = await parley(args, { env: { DATA_DIR: dataDir, PORT: '0' } });

    expect(code).toBe(75);
    expect(err).toMatch(/^[^\n]*The data folder [^\n]+ is in use: stop the server[^\n]*DATABASE_URL[^\n]*\n$/);
  });

  it('ends in one line, with code 65, where a newer version has migrated it', async () => {
    const dataDir = await folder();
    const db = await openDatabase({ dataDir });
    await db.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('1', '', '29991231000000_future', now())`,
    );
    await db.close();
    const env = { DATA_DIR: dataDir };

    const refused = await parley(['demo'], { env });
    const status = await parley(['migrate', '--status'], { env });

    expect(refused).toMatchObject({ code: 65, out: '' });
    expect(refused.err).toMatch(/^parley: [^\n]*newer version of Parley: 29991231000000_future\n$/);
    expect(status.code).toBe(65);
    expect(status.out).toMatch(/^unknown +29991231000000_future$/m);
  });

  it('is reported with the settings that are wrong, with code 78, and no others stop a command', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, '.env'), 'DATABASE_URL=mysql://ada:s3cret@localhost/db\nPORT=over there\n');

    const { code, err } = await parley(['demo'], { cwd });

    expect(code).toBe(78);
    expect(err).toMatch(/DATABASE_URL is mysql:\/\/\(hidden\); expected a URL/);
    expect(err).not.toContain('PORT');
  });
});

describe('parley migrate', () => {
  it('makes an embedded database, which --status does not', { timeout: 120_000 }, async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, '.env'), 'DATA_DIR=./somewhere\n');

    const before = await parley(['migrate', '--status'], { cwd });
    expect(before).toMatchObject({ code: 65, out: '' });
    expect(before.err).toMatch(/^parley: There is no database in \.\/somewhere yet/);
    expect(existsSync(join(cwd, 'somewhere'))).toBe(false);

    const first = await parley(['migrate'], { cwd });
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/^(applied {2}\d{14}_\w+\n)+The database is up to date\.\n$/);
    expect(await parley(['migrate'], { cwd })).toMatchObject({ code: 0, out: 'The database was up to date.\n' });

    const after = await parley(['migrate', '--status'], { cwd });
    expect(after.code).toBe(0);
    expect(after.out).toMatch(/^(applied +\d{14}_\w+\n)+The database is up to date\.\n$/);
  });

  it('says what is wrong with a folder that cannot be one, with code 73', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'data'));
    writeFileSync(join(cwd, 'data', 'db'), 'not a folder');

    const { code, err } = await parley(['migrate'], { cwd });

    expect(code).toBe(73);
    expect(err).toMatch(/^parley: [^\n]*data[^\n]*\n$/);
  });
});
