/** `parley doctor` on a machine with Node alone; test/services/cli/doctor.test.ts has what needs PostgreSQL and Redis. */
import { execFile } from 'node:child_process';
import { createServer, request as httpRequest } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/services.mjs';
import { lockFolder } from '../../src/db/folder-lock.js';
import { DOCTOR_HEADER, proveDoctor } from '../../src/doctor-proof.js';
import { checkRoom } from '../../src/machine.js';
import { embeddedDatabase, temporaryFolder } from '../support/database.js';
import { startNode } from '../support/node.js';
import { inherited, parley, PARLEY } from '../support/parley.js';

const SECRET = 'a secret that is only ever used in tests';

const embedded = async () => {
  const { config, drop } = await embeddedDatabase();
  onTestFinished(drop);
  return config.dataDir;
};

const listen = async (server: Server) => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
};

const doctor = async (env: Record<string, string>, ...args: string[]) =>
  parley(['doctor', ...args], { env: { PORT: String(await freePort()), ...env } });

describe('parley doctor', () => {
  it('says of a fresh machine that all is well, with code 0, and makes nothing', async () => {
    const dataDir = join(temporaryFolder(), 'data');

    const { code, out, err } = await doctor({ DATA_DIR: dataDir });

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^ok +database +There is none in .*: the first start creates an embedded one$/m);
    expect(out).toMatch(/^ok +disk +[\d.]+ GB are free for /m);
    expect(out).toMatch(/\nAll is well\.\n$/);
    expect(existsSync(dataDir)).toBe(false);
  });

  it(
    'opens an embedded database that nobody has open, and says where a server has it',
    { timeout: 60_000 },
    async () => {
      const dataDir = await embedded();

      const idle = await doctor({ DATA_DIR: dataDir });
      onTestFinished(lockFolder(dataDir));
      const served = await doctor({ DATA_DIR: dataDir });

      expect(idle).toMatchObject({ code: 0, err: '' });
      expect(idle.out).toMatch(/^ok +migrations +The database is up to date$/m);
      expect(served).toMatchObject({ code: 0, err: '' });
      expect(served.out).toMatch(
        /^ok +database +A running server has the folder .* open, so its database was not checked$/m,
      );
    },
  );

  it('stores a few bytes where files go, reads them back, and leaves nothing', async () => {
    const folder = temporaryFolder();

    const { code, out } = await doctor({ DATA_DIR: temporaryFolder(), FILES_URL: `file://${folder}` });

    expect(code).toBe(0);
    expect(out).toMatch(/^ok +files +Files can be stored in the folder .*, read and deleted, in \d+ ms$/m);
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => statSync(join(folder, name)).isFile())).toEqual([]);
  });

  it('says that a start would fail without the folder, and would go on without the bucket or the scanner', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    const nowhere = await freePort();
    const DATA_DIR = temporaryFolder();

    const noFolder = await doctor({ DATA_DIR, FILES_URL: `file://${file}` });
    const noBucket = await doctor({
      DATA_DIR,
      FILES_URL: `s3://key:hush-hush@127.0.0.1:${nowhere}/bucket?tls=off`,
      CLAMD_URL: `tcp://127.0.0.1:${nowhere}`,
    });

    expect(noFolder.out).toMatch(
      /^problem +files +The file store is not available: (ENOTDIR|EEXIST).*Correct FILES_URL/m,
    );
    expect(noFolder.code).toBe(69);
    expect(noBucket.out).toMatch(/^warning +files +The file store is not available: the bucket does not answer/m);
    expect(noBucket.out).toMatch(/^warning +virus scan +The virus scanner: .*Start clamd, or correct CLAMD_URL/m);
    expect([noBucket.code, noBucket.out.includes('hush-hush')]).toEqual([2, false]);
  });

  it('says every setting that is wrong, with code 78, looks at what the others lead to, and tells no secret', async () => {
    const { code, out } = await doctor({
      DATA_DIR: temporaryFolder(),
      TOKEN_SECRET: 'hush',
      LOG_LEVEL: 'loud',
      MESAGES_PER_MINUTE: '3',
    });

    expect(code).toBe(78);
    expect(out).toMatch(/^problem +settings +TOKEN_SECRET is .*; expected at least 32/m);
    expect(out).toMatch(/^problem +settings +LOG_LEVEL is "loud"; expected /m);
    expect(out).toMatch(/^warning +settings +Unknown setting "MESAGES_PER_MINUTE": did you mean MESSAGES_PER_MINUTE/m);
    expect(out).toMatch(/^ok +database /m);
    expect(out).toMatch(/\n2 problems and 1 warning: Parley will not start\.\n$/);
    expect(out).not.toContain('hush');
  });

  it('names the address that another program has, with code 71, and knows a Parley that runs there', async () => {
    const taken = await listen(createTcpServer((socket) => socket.destroy()));
    const node = await startNode();
    onTestFinished(() => node.stop());

    const other = await doctor({ DATA_DIR: temporaryFolder(), PORT: String(taken) });
    const own = await doctor({ DATA_DIR: temporaryFolder(), PORT: new URL(node.url).port });

    expect(other.code).toBe(71);
    expect(other.out).toMatch(/^problem +address +Another program listens on 127\.0\.0\.1:\d+\. Stop it, or set PORT/m);
    expect(own.code).toBe(0);
    expect(own.out).toMatch(/^ok +address +Parley is running already at /m);
  });

  it('says to its end what it found, also of a server that closes each connection at once', async () => {
    const port = await listen(createTcpServer((socket) => socket.destroy()));

    const { code, out } = await doctor({ DATA_DIR: temporaryFolder() }, '--url', `http://127.0.0.1:${port}`);

    expect(code).toBe(2);
    expect(out).toMatch(/^warning +url +.* cannot be reached: .*\. Check its name/m);
    expect(out).toMatch(/\n1 warning: Parley will start\.\n$/);
  });

  it('ends with the code of what a start meets first', async () => {
    const taken = await listen(createTcpServer((socket) => socket.destroy()));

    const { code, out } = await doctor({ DATA_DIR: temporaryFolder(), LOG_LEVEL: 'loud', PORT: String(taken) });

    expect(out).toMatch(/^problem +settings /m);
    expect(out).toMatch(/^problem +address /m);
    expect(code).toBe(78);
  });

  it('looks at the port of the metrics too', async () => {
    const taken = await listen(createTcpServer((socket) => socket.destroy()));
    const node = await startNode({ metricsPort: 0 });
    onTestFinished(() => node.stop());
    const PORT = new URL(node.url).port;

    const other = await doctor({ DATA_DIR: temporaryFolder(), PORT, METRICS_PORT: String(taken) });
    const own = await doctor({ DATA_DIR: temporaryFolder(), PORT, METRICS_PORT: new URL(node.metricsUrl!).port });

    expect(other.code).toBe(71);
    expect(other.out).toMatch(/^problem +metrics +Another program listens on .*\. Stop it, or set METRICS_PORT/m);
    expect(own.out).toMatch(/^ok +metrics +The metrics of Parley are running already at /m);
    expect(own.code).toBe(0);
  });

  it('warns of few open files, with code 2', async () => {
    const script = `ulimit -n 512; exec "$0" "$@"`;
    const env = { ...inherited(), DATA_DIR: temporaryFolder(), PORT: String(await freePort()) };

    const ended = promisify(execFile)('sh', ['-c', script, process.execPath, PARLEY, 'doctor'], { env });

    const { code, stdout } = await ended.then(
      () => expect.unreachable('it said that all is well'),
      (error: { code: number; stdout: string }) => error,
    );
    expect(code).toBe(2);
    expect(stdout).toMatch(/^warning +open files +Only 512 files may be open, .*\. Raise the limit to 65536/m);
    expect(stdout).toMatch(/\n1 warning: Parley will start\.\n$/);
  });

  it('warns of little room for the data folder, with code 2', async () => {
    // Where nothing can be kept there is no room at all.
    const { code, out } = await doctor({ DATA_DIR: '/proc/nowhere' });

    expect(out).toMatch(/^warning +disk +Only 0\.0 GB are free for \/proc\/nowhere\. Make room/m);
    expect(code).toBe(2);
  });

  it('prints the same as JSON', async () => {
    const { code, out } = await doctor({ DATA_DIR: temporaryFolder(), LOG_LEVEL: 'loud' }, '--json');

    const found = JSON.parse(out) as { check: string; outcome: string }[];
    expect(code).toBe(78);
    expect(found).toContainEqual({
      check: 'settings',
      outcome: 'refusal',
      sentence: expect.stringMatching(/^LOG_LEVEL is "loud"; expected /) as string,
    });
    expect(found.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['open files', 'disk', 'database', 'address']),
    );
  });

  it('refuses what is no URL, with code 64', async () => {
    expect(await doctor({}, '--url', 'chat.example.org')).toMatchObject({ code: 64, out: '' });
  });
});

/** Adds to X-Forwarded-For, as proxies do, or replaces it; hands on Host unless it is told not to. */
const startProxy = async (port: number, { replaces = false, host = true } = {}): Promise<number> => {
  const server = createServer((request, response) => {
    const before = replaces ? undefined : request.headers['x-forwarded-for'];
    const headers = {
      ...request.headers,
      ...(!host && { host: `127.0.0.1:${port}` }),
      'x-forwarded-for': [before, '127.0.0.1'].filter(Boolean).join(', '),
    };
    const forwarded = httpRequest({ port, path: request.url, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    forwarded.on('error', () => response.destroy());
    request.pipe(forwarded);
  });
  server.on('upgrade', ({ url, rawHeaders }, client) => {
    const node = connect(port, '127.0.0.1');
    const lines = rawHeaders.map((text, index) => (index % 2 === 0 ? `${text}: ` : `${text}\r\n`));
    node.write(`GET ${url} HTTP/1.1\r\n${lines.join('')}\r\n`);
    node.on('error', () => client.destroy()).pipe(client);
    client.on('error', () => node.destroy()).pipe(node);
  });
  return listen(server);
};

describe('parley doctor --url', () => {
  const behind = async (trustProxy: number) => {
    const node = await startNode({ trustProxy, tokenSecret: SECRET });
    onTestFinished(() => node.stop());
    return { node, port: Number(new URL(node.url).port) };
  };
  const look = (port: number, secret = SECRET) =>
    doctor({ DATA_DIR: temporaryFolder(), TOKEN_SECRET: secret }, '--url', `http://127.0.0.1:${port}/graphql`);

  it(
    'finds as many proxies as TRUST_PROXY says: none, one, two, and one that throws away what clients claim',
    { timeout: 60_000 },
    async () => {
      for (const trustProxy of [0, 1, 2]) {
        let { port } = await behind(trustProxy);
        for (let count = 0; count < trustProxy; count += 1) port = await startProxy(port, { replaces: count === 1 });

        const { code, out } = await look(port);

        expect(out).toMatch(
          new RegExp(`^ok +proxies +.* to X-Forwarded-For, which matches TRUST_PROXY=${trustProxy}$`, 'm'),
        );
        expect(out).toMatch(/^ok +origin +Pages of http:\/\/127\.0\.0\.1:\d+ may use it$/m);
        expect(out).toMatch(/^ok +websocket +WebSockets work$/m);
        expect(code).toBe(0);
      }
    },
  );

  it('warns where TRUST_PROXY is too low or too high, with the number that it should be', async () => {
    const low = await look(await startProxy((await behind(0)).port));
    const high = await look((await behind(1)).port);

    expect(low.code).toBe(2);
    expect(low.out).toMatch(
      /^warning +proxies +One proxy adds .* TRUST_PROXY is 0: all clients count as .*\. Set TRUST_PROXY=1 /m,
    );
    expect(high.code).toBe(2);
    expect(high.out).toMatch(
      /^warning +proxies +No proxy adds .* TRUST_PROXY is 1: a client can claim .*\. Set TRUST_PROXY=0 /m,
    );
  });

  it('warns where what stands in front does not hand on /health, or /graphql', async () => {
    const answering = (statusOf: (url: string) => number) =>
      listen(createServer((request, response) => void response.writeHead(statusOf(request.url!)).end()));
    const at = async (port: number) => doctor({ DATA_DIR: temporaryFolder() }, '--url', `http://127.0.0.1:${port}`);

    const healthless = await at(await answering(() => 404));
    const broken = await at(await answering((url) => (url === '/health/live' ? 200 : 502)));

    expect(healthless.out).toMatch(
      /^warning +url +.*\/health\/live is answered with 404 instead of 200\. Make the proxy/m,
    );
    expect(broken.out).toMatch(
      /^warning +origin +.*\/graphql answers a query with 502 instead of 200\. Check the proxies/m,
    );
    expect([healthless, broken].map(({ code }) => code)).toEqual([2, 2]);
  });

  it('warns of a proxy that keeps Host to itself, of another secret, and of nobody there', async () => {
    const node = await startNode({ host: '0.0.0.0', trustProxy: 1, tokenSecret: SECRET });
    onTestFinished(() => node.stop());
    const port = Number(new URL(node.url).port);

    const hostless = await look(await startProxy(port, { host: false }));
    const stranger = await look(await startProxy(port), 'quite another secret, of quite another server');
    const nobody = await look(await freePort());

    expect(hostless.out).toMatch(
      /^warning +origin +Pages of .* may not use it: .*Host.*\. Make the proxy forward Host, or add /m,
    );
    expect(stranger.out).toMatch(
      /^warning +proxies +The node does not have this TOKEN_SECRET.*\. Run this with the nodes/m,
    );
    expect(nobody.out).toMatch(/^warning +url +http:.* cannot be reached: .*ECONNREFUSED/m);
    expect([hostless, stranger, nobody].map(({ code }) => code)).toEqual([2, 2, 2]);
  });

  it('is told what nobody else is: without a proof, with that of another secret, one of yesterday, or elsewhere', async () => {
    const { node } = await behind(0);
    const now = Date.now();
    const told = async (proof: string | undefined, path = '/health/live') => {
      const headers: Record<string, string> = proof === undefined ? {} : { [DOCTOR_HEADER]: proof };
      return (await fetch(node.url + path, { headers })).headers.get(DOCTOR_HEADER);
    };

    expect(await told(proveDoctor(SECRET, now))).toContain('"trustProxy":0');
    for (const proof of [undefined, '', '1.2', proveDoctor('another', now), proveDoctor(SECRET, now - 24 * 3_600_000)])
      expect(await told(proof)).toBeNull();
    expect(await told(`${proveDoctor(SECRET, now).slice(0, -1)}!`)).toBeNull();
    expect(await told(proveDoctor(SECRET, now), '/health/ready')).toBeNull();
  });

  it('is answered in short, whatever X-Forwarded-For it brings', async () => {
    const { port } = await behind(0);
    const forwarded = Array.from({ length: 1000 }, () => 'é'.repeat(8)).join(',');

    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      let text = '';
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
      socket.once('close', () => resolve(text));
      socket.once('error', reject);
      const head = [
        'GET /health/live HTTP/1.1',
        'Host: x',
        'Connection: close',
        `X-Forwarded-For: ${forwarded.slice(0, 12_000)}`,
        `${DOCTOR_HEADER}: ${proveDoctor(SECRET, Date.now())}`,
      ];
      socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
    });

    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(new RegExp(`^${DOCTOR_HEADER}: `, 'im'));
    expect(answer.length).toBeLessThan(4000);
  });
});

describe('The room for the data folder', () => {
  it('is that of where it will be, and little of it is a warning', async () => {
    const folder = join(temporaryFolder(), 'not', 'there', 'yet');

    expect(await checkRoom(folder)).toMatchObject({ outcome: 'ok' });
    expect(await checkRoom(folder, Number.MAX_SAFE_INTEGER)).toMatchObject({
      outcome: 'warning',
      sentence: expect.stringMatching(/^Only [\d.]+ GB are free for /) as string,
      remedy: expect.stringMatching(/^Make room/) as string,
    });
  });
});
