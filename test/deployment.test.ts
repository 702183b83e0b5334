/** No Docker runs here: what can be read off the files that it and nginx are given. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BODY_MOST_BYTES } from '../src/server/body.js';
import { settings } from '../src/settings.js';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const exists = (name: string) => existsSync(new URL(`../${name}`, import.meta.url));
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]!);

const dockerfile = read('Dockerfile');
const compose = read('docker-compose.yml');
const nginx = read('deploy/nginx.conf');
const names = Object.values(settings).map(({ name }) => name);

/** What the image is built from; what another stage made is not. */
const copied = all(dockerfile, /^COPY (?!--from)(.+) \S+$/gm).flatMap((sources) => sources.split(' '));

describe('The container image', () => {
  it('is built from what is there and what .dockerignore lets through', () => {
    const allowed = all(read('.dockerignore'), /^!(.+)$/gm);

    for (const source of copied) {
      expect(exists(source), source).toBe(true);
      expect(allowed, source).toContain(source.split('/')[0]);
    }
    expect(copied).toEqual(expect.arrayContaining(['package-lock.json', 'src', 'prisma/migrations']));
  });

  it('has no .env, data, history or tests in what it is built from', () => {
    const [everything, ...exceptions] = read('.dockerignore').split('\n').slice(1);

    expect(everything).toBe('*');
    for (const name of ['.env', 'data', '.git', 'node_modules', 'test']) expect(exceptions).not.toContain(`!${name}`);
  });

  it('S1.18 S4.12 serves everyone who reaches it, keeps its data in a volume, and is not root', () => {
    const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));

    expect(last).toMatch(/^ENV .*\bHOST=0\.0\.0\.0\b.*\bDATA_DIR=\/data\b/m);
    expect(last).toMatch(/^VOLUME \/data$/m);
    expect(last).toMatch(/^USER node$/m);
    expect(last).toMatch(/^STOPSIGNAL SIGTERM$/m);
    expect(last).toMatch(/^CMD \["node", .*"dist\/main\.js"\]$/m);
  });
});

describe('docker-compose.yml', () => {
  it('gives the nodes settings that there are', () => {
    const environment = /\n {2}environment:\n((?: {4}.*\n)+)/.exec(compose)![1]!;
    const given = all(environment, /^ {4}([A-Z_]+):/gm);

    expect(given).toEqual(expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'TOKEN_SECRET', 'TRUST_PROXY']));
    for (const name of given) expect(names).toContain(name);
  });

  it('holds no secret, and does not start without those of .env', () => {
    for (const secret of ['TOKEN_SECRET', 'POSTGRES_PASSWORD']) {
      const ways = all(compose, new RegExp(`${secret}[^\\n]*?\\$\\{${secret}(..)`, 'g'));
      expect(ways.length, secret).toBeGreaterThan(0);
      expect(new Set(ways), secret).toEqual(new Set([':?']));
    }
  });

  it('gives a node longer to stop than the node takes', () => {
    const node = compose.slice(compose.indexOf('x-node:'), compose.indexOf('\nservices:'));
    const [grace] = all(node, /stop_grace_period: (\d+)s/g);
    const [drain] = all(node, /DRAIN_SECONDS: (\d+)/g);

    // src/serve.ts adds 5 s to close what is left.
    expect(Number(grace)).toBeGreaterThan(Number(drain) + 5);
  });

  it('leads nginx to the addresses that the nodes have', () => {
    const upstreams = all(nginx, /^ {4}server (\w+):4000 /gm);
    expect(upstreams).toHaveLength(2);
    for (const name of upstreams) {
      const host = new RegExp(`^ {6}${name}: (\\S+)$`, 'm').exec(compose);
      const node = new RegExp(`^ {2}${name}:\\n {4}<<: \\*node\\n.*ipv4_address: '(.+)'`, 'm').exec(compose);
      expect(host?.[1]).toMatch(/^\$\{SUBNET.*\}\.\d+$/);
      expect(node?.[1]).toBe(host?.[1]);
    }
  });
});

describe('deploy/nginx.conf', () => {
  it('takes bodies as long as a node does', () => {
    expect(all(nginx, /client_max_body_size (\d+)k;/g)).toEqual([`${BODY_MOST_BYTES / 1024}`]);
  });

  it('never sends a POST again that was sent', () => {
    const directives = nginx.replaceAll(/#.*$/gm, '');

    expect(directives).toMatch(/proxy_next_upstream error timeout http_503;/);
    expect(directives).not.toContain('non_idempotent');
  });
});
