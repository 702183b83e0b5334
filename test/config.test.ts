import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigError,
  isLoopback,
  readConfig,
  readEnvironment,
  requireConfig,
  type Config,
  type Environment,
} from '../src/config.js';
import { readClamdUrl } from '../src/clamd-url.js';
import type { Setting } from '../src/setting.js';
import { settings } from '../src/settings.js';

const SECRET = 'a secret of more than thirty-two bytes';

const configOf = (environment: Environment): Config => requireConfig(environment).config;

const problemsOf = (environment: Environment) => {
  const outcome = readConfig(environment);
  return 'problems' in outcome ? outcome.problems : [];
};

describe('readConfig', () => {
  it('needs nothing: without any setting there is a server for this machine, with an embedded database', () => {
    expect(readConfig({})).toEqual({
      warnings: [],
      config: {
        port: 4000,
        host: '127.0.0.1',
        serverName: 'Parley',
        dataDir: './data',
        databaseUrl: undefined,
        chatConnectionsPerUser: 0,
        databasePoolSize: 10,
        allowUnsafeDatabase: false,
        redisUrl: undefined,
        tokenSecret: undefined,
        tokenSecretOld: undefined,
        accessTokenMinutes: 15,
        refreshTokenDays: 30,
        sessionDaysMax: 365,
        passwordLogin: true,
        trustedKey: undefined,
        trustedIssuer: undefined,
        trustedAudience: undefined,
        trustedUserClaim: 'sub',
        allowTokenInUrl: false,
        logLevel: 'info',
        slowMs: 1000,
        metricsPort: undefined,
        metricsHost: '127.0.0.1',
        drainSeconds: 10,
        connectionMinutes: 60,
        allowedOrigins: undefined,
        trustProxy: 0,
        messageMaxLength: 1000,
        messagesPerMinute: 60,
        editsPerMinute: 30,
        reactionsPerMinute: 60,
        typingPerMinute: 120,
        userDirectory: 'everyone',
        directChats: 'everyone',
        presence: true,
        directChatsPerMinute: 10,
        reportsPerMinute: 10,
        groupCreators: 'admins',
        groupsPerHour: 20,
        joinsPerMinute: 20,
        searchesPerMinute: 120,
        signInsPerMinute: 30,
        registrationsPerHour: 600,
        slowReaderSeconds: 60,
        filesUrl: undefined,
        attachmentMaxMb: 25,
        filesMbPerUser: 1024,
        uploadsPerMinute: 30,
        clamdUrl: undefined,
        publicUrl: undefined,
        logRetentionDays: 0,
        introspection: true,
        graphiql: true,
        demo: true,
      },
    });
  });

  it('shows the schema and GraphiQL where HOST is a loopback address, unless told otherwise', () => {
    const [here, everywhere] = [{ HOST: '127.0.0.1' }, { HOST: '0.0.0.0' }];

    expect(configOf(here)).toMatchObject({ introspection: true, graphiql: true });
    expect(configOf(everywhere)).toMatchObject({ introspection: false, graphiql: false });
    expect(configOf({ ...everywhere, INTROSPECTION: '', GRAPHIQL: 'on' })).toMatchObject({
      introspection: false,
      graphiql: true,
    });
    expect(configOf({ ...everywhere, INTROSPECTION: 'on' })).toMatchObject({ introspection: true, graphiql: false });
    expect(configOf({ ...here, INTROSPECTION: 'off', GRAPHIQL: 'off' })).toMatchObject({
      introspection: false,
      graphiql: false,
    });
    expect(problemsOf({ ...everywhere, INTROSPECTION: 'maybe' })).toMatchObject([{ name: 'INTROSPECTION' }]);
  });

  it('reads what is set, with white space around it, and counts an empty setting as unset', () => {
    const config = configOf({ PORT: ' 0 ', HOST: '', DEMO: 'OFF', LOG_LEVEL: 'debug', MESSAGES_PER_MINUTE: '0' });

    expect(config).toMatchObject({ port: 0, host: '127.0.0.1', demo: false, logLevel: 'debug', messagesPerMinute: 0 });
  });

  it('reports every problem at once, each with its name, its value and what is expected', () => {
    expect(
      problemsOf({ PORT: '65536', LOG_LEVEL: 'loud', DEMO: 'perhaps', DRAIN_SECONDS: '1.5', MESSAGE_MAX_LENGTH: '0' }),
    ).toEqual([
      { name: 'PORT', value: '"65536"', expected: 'a whole number from 0 to 65535' },
      { name: 'LOG_LEVEL', value: '"loud"', expected: 'trace, debug, info, warn, error, fatal or silent' },
      { name: 'DRAIN_SECONDS', value: '"1.5"', expected: 'a whole number from 0 to 3600' },
      { name: 'MESSAGE_MAX_LENGTH', value: '"0"', expected: 'a whole number from 1 to 20000' },
      { name: 'DEMO', value: '"perhaps"', expected: 'on or off' },
    ]);
  });

  it.each(['-1', '1e3', '0x10', '4,000', '4000s', 'Infinity', '٤', '99999999999999999999'])(
    'takes %s for no number',
    (written) => {
      expect(problemsOf({ MESSAGES_PER_MINUTE: written })).toHaveLength(1);
    },
  );

  it('gives metrics a port of their own, and takes 0 for both', () => {
    expect(problemsOf({ METRICS_PORT: '4000' })).toEqual([
      { name: 'METRICS_PORT', value: '4000, as PORT is', expected: 'a port of its own' },
    ]);
    expect(problemsOf({ PORT: '0', METRICS_PORT: '0' })).toEqual([]);
    expect(problemsOf({ PORT: '5000', METRICS_PORT: '4000' })).toEqual([]);
  });

  it('has defaults that are themselves in range', () => {
    const all: Setting<unknown>[] = Object.values(settings);

    for (const setting of all) {
      if (setting.default === undefined) expect(setting.unset, setting.name).toBeTruthy();
      else expect(setting.parse(setting.default), setting.name).toBeDefined();
    }
  });

  it('requires TRUSTED_KEY and TRUSTED_ISSUER of each other, and shows no key', () => {
    const issuer = { TRUSTED_ISSUER: 'https://shop.example' };

    expect(configOf({ ...issuer, TRUSTED_KEY: SECRET })).toMatchObject({ trustedKey: SECRET });
    expect(configOf({ ...issuer, TRUSTED_KEY: './key.pem' })).toMatchObject({ trustedKey: './key.pem' });
    expect(problemsOf({ TRUSTED_KEY: SECRET })).toMatchObject([
      { name: 'TRUSTED_ISSUER', value: undefined, expected: 'text, as TRUSTED_KEY is set' },
    ]);
    for (const [name, value] of [...Object.entries(issuer), ['TRUSTED_AUDIENCE', 'chat']] as [string, string][])
      expect(problemsOf({ [name]: value })).toEqual([
        expect.objectContaining({
          name: 'TRUSTED_KEY',
          expected: expect.stringMatching(`as ${name} is set$`) as string,
        }),
      ]);
    expect(problemsOf({ ...issuer, TRUSTED_KEY: 'x'.repeat(31) })).toMatchObject([{ value: '(hidden, 31 bytes)' }]);
  });

  describe('takes a secret from a file', () => {
    const fileWith = (content: string) => {
      const path = join(mkdtempSync(join(tmpdir(), 'parley-secret-')), 'secret');
      writeFileSync(path, content);
      return path;
    };
    const secrets = Object.values(settings).filter((setting: Setting<unknown>) => setting.isSecret);

    it('whichever of them, without its line end', () => {
      const url = 'postgresql://one/db';

      expect(secrets.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'TOKEN_SECRET', 'TRUSTED_KEY']),
      );
      expect(
        configOf({
          DATABASE_URL_FILE: fileWith(`${url}\n`),
          REDIS_URL_FILE: fileWith('redis://one\r\n'),
          TOKEN_SECRET_FILE: fileWith(`${SECRET}\n`),
          TRUSTED_KEY_FILE: fileWith(`${SECRET} of a product`),
          TRUSTED_ISSUER: 'a product',
        }),
      ).toMatchObject({
        databaseUrl: url,
        redisUrl: 'redis://one',
        tokenSecret: SECRET,
        trustedKey: `${SECRET} of a product`,
      });
    });

    it('and requires what the setting itself would', () => {
      expect(problemsOf({ DATABASE_URL_FILE: fileWith('postgresql://one/db') })).toEqual([
        { name: 'TOKEN_SECRET', value: undefined, expected: 'at least 32 bytes, as DATABASE_URL is set' },
      ]);
    });

    it.each(secrets.map(({ name }) => name))('and not from both: %s', (name) => {
      const both = { [name]: 'x', [`${name}_FILE`]: fileWith('y') };

      expect(problemsOf(both)).toContainEqual({
        name: `${name}_FILE`,
        value: `set, and ${name} too`,
        expected: 'one of the two',
      });
    });

    it('and says what is wrong with it, but not what is in it', () => {
      const [missing, empty, short] = ['/not/there', fileWith(' \n'), fileWith('hush')] as const;
      const found = (path: string) => problemsOf({ TOKEN_SECRET_FILE: path })[0];

      expect(found(missing)).toEqual({
        name: 'TOKEN_SECRET_FILE',
        value: 'a file that cannot be read (ENOENT): "/not/there"',
        expected: 'a file with at least 32 bytes',
      });
      expect(found(tmpdir())).toMatchObject({ value: expect.stringContaining('(EISDIR)') as string });
      expect(found('/dev/zero')).toMatchObject({ value: 'a file of more than 1048576 bytes: "/dev/zero"' });
      expect(found(empty)).toMatchObject({ value: `an empty file: "${empty}"` });
      expect(found(short)).toEqual({
        name: 'TOKEN_SECRET_FILE',
        value: '(hidden, 4 bytes)',
        expected: 'at least 32 bytes',
      });
    });

    it('where it is one: other settings have no such file, and a misspelt one is told', () => {
      expect(readConfig({ TOKEN_SECRT_FILE: 'x', PORT_FILE: '/not/there' })).toMatchObject({
        config: { port: 4000 },
        warnings: [expect.stringContaining('did you mean TOKEN_SECRET_FILE?') as string],
      });
    });
  });

  it('requires TOKEN_SECRET with DATABASE_URL, of at least 32 bytes, and says so beside other problems', () => {
    const url = 'postgres://ada@localhost/parley';

    expect(configOf({ DATABASE_URL: url, TOKEN_SECRET: SECRET })).toMatchObject({
      databaseUrl: url,
      tokenSecret: SECRET,
    });
    expect(problemsOf({ DATABASE_URL: url, PORT: 'x' })).toEqual([
      expect.objectContaining({ name: 'PORT' }),
      { name: 'TOKEN_SECRET', value: undefined, expected: 'at least 32 bytes, as DATABASE_URL is set' },
    ]);
    expect(problemsOf({ TOKEN_SECRET: 'é'.repeat(16) })).toEqual([]);
    expect(problemsOf({ TOKEN_SECRET: 'x'.repeat(31) })).toEqual([
      { name: 'TOKEN_SECRET', value: '(hidden, 31 bytes)', expected: 'at least 32 bytes' },
    ]);
  });

  it.each([
    'postgres://ada:s3cret@localhost:x/parley',
    'mysql://ada:s3cret@localhost/parley',
    's3cret',
    'postgres://ada:s3c#ret@host/parley',
  ])('hides the password of a wrong DATABASE_URL: %s', (url) => {
    const problems = problemsOf({ DATABASE_URL: url, REDIS_URL: url, TOKEN_SECRET: SECRET });

    expect(problems.map((problem) => problem.name)).toEqual(['DATABASE_URL', 'REDIS_URL']);
    expect(new ConfigError(problems).message).not.toMatch(/s3c/);
  });

  it.each([
    ['redis+sentinel://:s3cret@one:26380,[::1],three/mymaster/2?sentinel_password=sent1nel', []],
    ['rediss+sentinel://mymaster@one:26379,two:26379', []],
    ['redis://ada:s3cret@host:6379/1', []],
    ['redis+sentinel://one:26379,two:26379', ['the name under which']],
    ['redis+sentinel://s3cret@one:x/mymaster', ['hosts with their ports']],
    ['redis+sentinel://one/mymaster/zero', ['the number of a database']],
    ['redis+sentinel://one/mymaster?s3cret=1', ['only sentinel_username and sentinel_password']],
    ['redis+cluster://s3cret@one:6379', ['a Redis Cluster is not supported']],
    ['redis://:s3cret@one:6379,two:6379', ['one host; several hosts must be Sentinels']],
    ['redis://host/s3cret', ['the number of a database']],
  ])('says what is wrong with a REDIS_URL, and nothing of what is in it: %s', (url, reasons) => {
    const problems = problemsOf({ REDIS_URL: url });

    expect(problems.map(({ expected }) => expected)).toEqual(
      reasons.map((reason) => expect.stringContaining(reason) as string),
    );
    expect(new ConfigError(problems).message).not.toMatch(/s3c/);
  });

  it('reads origins as browsers send them', () => {
    expect(configOf({ ALLOWED_ORIGINS: '*' }).allowedOrigins).toBe('*');
    expect(
      configOf({ ALLOWED_ORIGINS: 'https://Chat.example.org:443/, http://localhost:3000,capacitor://localhost' })
        .allowedOrigins,
    ).toEqual(['https://chat.example.org', 'http://localhost:3000', 'capacitor://localhost']);
  });

  it.each([
    'chat.example.org',
    'https://chat.example.org/app',
    'https://a,*',
    'https://*.example.org',
    'https://a,,https://b',
    'null',
  ])('takes %s for no origins', (written) => {
    expect(problemsOf({ ALLOWED_ORIGINS: written })).toHaveLength(1);
  });

  it('reads where files are, what scans them and where clients find them', () => {
    const config = {
      FILES_URL: 's3://KEY:SECRET@s3.example.org/files',
      CLAMD_URL: 'unix:///run/clamav/clamd.ctl',
      PUBLIC_URL: 'https://chat.example.org/parley/',
    };

    expect(configOf(config)).toMatchObject({
      publicUrl: 'https://chat.example.org/parley',
      clamdUrl: config.CLAMD_URL,
    });
    expect(readClamdUrl(config.CLAMD_URL)).toEqual({ path: '/run/clamav/clamd.ctl' });
    expect(readClamdUrl('tcp://[::1]')).toEqual({ host: '::1', port: 3310 });
    for (const [name, value] of [
      ['FILES_URL', 's3://KEY:SECRET@s3.example.org'],
      ['CLAMD_URL', 'http://clamd:3310'],
      ['PUBLIC_URL', 'chat.example.org'],
      ['PUBLIC_URL', 'https://chat.example.org/?x=1'],
    ] as const) {
      const [problem] = problemsOf({ [name]: value });
      expect(problem?.name).toBe(name);
      expect(problem?.value).not.toContain('SECRET');
    }
  });

  it.each(['0.0.0.0', '::1', 'localhost', 'chat.example.org', 'node_1'])('listens on %s', (host) => {
    expect(configOf({ HOST: host }).host).toBe(host);
  });

  it.each(['http://localhost', 'localhost:4000', '[::1]', '127.0.0.256', 'a b', '-a', '1234'])(
    'takes %s for no host',
    (host) => {
      expect(problemsOf({ HOST: host })).toHaveLength(1);
    },
  );

  it('reads only the settings asked for, so that mistakes in others stop nobody', () => {
    const outcome = readConfig(
      { DATABASE_URL: 'postgres://localhost/parley', PORT: 'x' },
      { only: ['databaseUrl', 'dataDir'] },
    );

    expect(outcome).toEqual({
      config: { databaseUrl: 'postgres://localhost/parley', dataDir: './data' },
      warnings: [],
    });
  });

  it('warns of a setting that looks like a misspelt one', () => {
    const environment = {
      PROT: '1',
      DATABASE_URI: 'x',
      loglevel: 'info',
      MESAGES_PER_MINUTES: '1',
      TOKENSECRET: SECRET,
    };

    expect(readConfig(environment).warnings).toEqual([
      'Unknown setting "PROT": did you mean PORT?',
      'Unknown setting "DATABASE_URI": did you mean DATABASE_URL?',
      'Unknown setting "loglevel": did you mean LOG_LEVEL?',
      'Unknown setting "MESAGES_PER_MINUTES": did you mean MESSAGES_PER_MINUTE?',
      'Unknown setting "TOKENSECRET": did you mean TOKEN_SECRET?',
    ]);
  });

  it('does not warn of what else stands in an environment', () => {
    const names =
      'PATH HOME HOSTNAME HOSTTYPE TERM USER LANG PWD SHLVL TMPDIR EDITOR PAGER DISPLAY LOGNAME MAIL SHELL NODE_ENV NODE_OPTIONS ' +
      'HTTP_PROXY HTTPS_PROXY NO_PROXY PGHOST PGPORT PGDATABASE REDIS_HOST REDIS_PORT PARLEY_PORT DATABASE_HOST KUBERNETES_PORT ' +
      'npm_config_user_agent npm_lifecycle_event CI GITHUB_TOKEN DEBUG COLORTERM SSH_TTY XDG_DATA_DIRS INIT_CWD POSTGRES_PASSWORD';

    expect(readConfig(Object.fromEntries(names.split(' ').map((name) => [name, 'x']))).warnings).toEqual([]);
  });
});

describe('ConfigError', () => {
  it('says everything that is wrong, a line for each, whatever was pasted', () => {
    const read = () => requireConfig({ PORT: '4000\nHOST=x', DATA_DRI: 'x', GRAPHIQL: 'y'.repeat(200) });

    expect(read).toThrow(
      [
        '2 settings are wrong:',
        '  PORT is "4000\\nHOST=x"; expected a whole number from 0 to 65535',
        `  GRAPHIQL is "${'y'.repeat(80)}…"; expected on or off`,
        'Unknown setting "DATA_DRI": did you mean DATA_DIR?',
      ].join('\n'),
    );
  });
});

describe('readEnvironment', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'parley-config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('reads .env, quotes and comments and all, under what the environment says itself', () => {
    writeFileSync(join(folder, '.env'), '# mine\nPORT=1\nexport HOST="::1" # here\nDATA_DIR=\'a b\'\n');

    expect(readEnvironment(folder, { PORT: '2', HOME: '/' })).toEqual({
      PORT: '2',
      HOST: '::1',
      DATA_DIR: 'a b',
      HOME: '/',
    });
  });

  it('does without a .env', () => {
    expect(readEnvironment(folder, { PORT: '2' })).toEqual({ PORT: '2' });
  });

  it('says which file cannot be read', () => {
    writeFileSync(join(folder, 'file'), '');

    expect(() => readEnvironment(join(folder, 'file'), {})).toThrow(/\.env is a file that cannot be read \(ENOTDIR\)/);
  });
});

describe('isLoopback', () => {
  it('tells what only this machine can reach', () => {
    expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost', 'LOCALHOST'].every(isLoopback)).toBe(true);
    expect(['0.0.0.0', '::', '192.168.0.1', 'localhost.example.org', '127.0.0.1.example.org'].some(isLoopback)).toBe(
      false,
    );
  });
});
