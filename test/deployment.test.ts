/** No Docker runs here: what can be read off the files that it, nginx and systemd are given. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { exitCodes } from '../src/exit-codes.js';
import { MAX_BODY_BYTES } from '../src/server/body.js';
import { settings } from '../src/settings.js';

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const exists = (name: string) => existsSync(new URL(`../${name}`, import.meta.url));
const all = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]!);

const dockerfile = read('Dockerfile');
const compose = read('docker-compose.yml');
const nginx = read('deploy/nginx.conf');
const unit = read('deploy/systemd/parley.service');
const operations = read('docs/operations.md');
const { version } = JSON.parse(read('package.json')) as { version: string };
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

  it('is of a Node that is still mended, the same in every stage, and can be pinned by its digest', () => {
    const [image] = all(dockerfile, /^ARG NODE_IMAGE=(\S+)$/gm);

    expect(image).toMatch(/^node:(24|26)-\w+-slim$/);
    expect(new Set(all(dockerfile, /^FROM (\S+)/gm))).toEqual(new Set(['${NODE_IMAGE}']));
  });

  it('says which version it is', () => {
    expect(all(dockerfile, /^ARG VERSION=(\S+)$/gm)).toEqual([version]);
    expect(dockerfile).toContain('org.opencontainers.image.version="${VERSION}"');
  });

  // test/services/image.test.ts runs it.
  it('is asked whether it is alive, not whether it is ready, and not by a Node of its own', () => {
    const [check] = all(dockerfile, /^HEALTHCHECK .*\n +CMD (.*)$/gm);

    expect(check).toContain('GET /health/live ');
    expect(check).not.toMatch(/node|curl|wget/);
  });
});

interface Service {
  image: string;
  restart?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  logging?: { driver: string; options: Record<string, string> };
  mem_limit?: string;
  user?: string;
  volumes?: (string | { type: string; target: string })[];
  environment?: Record<string, string>;
  ports?: string[];
  command?: string[];
}

const { services, volumes } = parse(compose, { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};

/** Compose's own tag: in the place of what the other file has. */
const override = { tag: '!override', collection: 'seq' } as const;

/** Where images declare a volume, so that Docker makes one that has no name unless something is mounted there. */
const DECLARED: Record<string, string> = {
  parley: '/data',
  postgres: '/var/lib/postgresql/data',
  redis: '/data',
};

describe('Every container', () => {
  it.each(Object.entries(services))(
    '%s gains no rights, writes to no file of its image, and has an end',
    (_name, it) => {
      expect(it).toMatchObject({ restart: 'unless-stopped', read_only: true, cap_drop: ['ALL'] });
      expect(it.security_opt).toContain('no-new-privileges:true');
      expect(it.mem_limit).toMatch(/^\d+[mg]$/);
      expect(it.logging?.options).toMatchObject({ 'max-size': '20m', 'max-file': '3', mode: 'non-blocking' });
    },
  );

  it.each(Object.entries(services))(
    '%s leaves no volume without a name behind',
    (_name, { image, volumes: mounts = [] }) => {
      const declared = DECLARED[image.split(':')[0]!];
      const mounted = mounts.map((mount) =>
        typeof mount === 'string' ? mount.replace(/^.*:(?=\/)/, '').replace(/:ro$/, '') : mount.target,
      );

      if (declared !== undefined) expect(mounted.map((path) => path.split(':').pop())).toContain(declared);
      for (const mount of mounts)
        if (typeof mount === 'string' && /^\w+:/.test(mount))
          expect(Object.keys(volumes)).toContain(mount.split(':')[0]);
    },
  );

  it('nodes are of an image that keeps its version, to which one can go back', () => {
    for (const name of ['node1', 'node2']) {
      expect(services[name]!.image).toBe(`parley:\${PARLEY_VERSION:-${version}}`);
    }
  });

  it('PostgreSQL notices a disk that gives back something else', () => {
    expect(services.postgres!.environment!.POSTGRES_INITDB_ARGS).toContain('--data-checksums');
  });

  it('a backup is made by the version of PostgreSQL that serves', () => {
    expect(services.backup!.image).toBe(services.postgres!.image);
  });

  it('with HTTPS nothing unencrypted is reached, and nginx finds what its files name', () => {
    const { services: tls } = parse(read('docker-compose.tls.yml'), { customTags: [override] }) as {
      services: Record<string, Service>;
    };
    const ports = tls.nginx!.ports!.map((port) => port.split(':').pop());
    const conf = read('deploy/nginx-tls.conf');

    expect(all(conf, /^ {2}listen (\d+)/gm).sort()).toEqual(ports.sort());
    expect(read('docker-compose.tls.yml')).toContain('ports: !override');
    for (const path of [...all(conf, /^ +root (\S+);/gm), ...all(conf, /^ +ssl_certificate(?:_key)? (\S+)\//gm)])
      expect(tls.nginx!.volumes!.some((mount) => typeof mount === 'string' && mount.includes(path))).toBe(true);
  });
});

describe('The systemd unit', () => {
  const [prevented] = all(unit, /^RestartPreventExitStatus=(.+)$/gm);
  const codes = prevented!.split(' ').map(Number);

  it('does not start again where that mends nothing: as the table of codes has it, and exit-codes.ts', () => {
    const never = all(operations, /^\| (\d+) \|.*\| no \|$/gm).map(Number);
    const mended: number[] = [exitCodes.done, exitCodes.unexpected, exitCodes.warned, exitCodes.databaseUnavailable];

    expect(codes).toEqual(never);
    expect(codes).toEqual([...new Set(Object.values(exitCodes))].filter((code) => !mended.includes(code)).sort());
  });

  it('gives a node longer to stop than the node takes', () => {
    const [patience] = all(unit, /^TimeoutStopSec=(\d+)$/gm);

    expect(Number(patience)).toBeGreaterThan(Number(settings.drainSeconds.default) + 5);
  });

  it('lets it have a file for each socket, no rights, and one folder', () => {
    expect(unit).toMatch(/^LimitNOFILE=65536$/m);
    expect(unit).toMatch(/^NoNewPrivileges=yes$/m);
    expect(unit).toMatch(/^ProtectSystem=strict$/m);
    expect(unit).toMatch(/^StateDirectory=parley$/m);
    expect(unit).toMatch(/^Environment=.*\bDATA_DIR=\/var\/lib\/parley$/m);
  });
});

describe('docker-compose.yml', () => {
  it('gives the nodes settings that there are', () => {
    const given = Object.keys(services.node1!.environment!);

    expect(given).toEqual(expect.arrayContaining(['DATABASE_URL', 'REDIS_URL', 'TOKEN_SECRET', 'TRUST_PROXY']));
    for (const name of given) expect(names).toContain(name);
  });

  it('hands on those that its page says, and lets Prometheus reach the metrics where nobody else does', () => {
    const [said] = all(operations, /another network\nwhere that one is taken\. ([\s\S]*?) are handed on to the nodes/g);
    const environment = services.node1!.environment!;

    expect(said).toContain('`METRICS_PORT`');
    for (const name of all(said!, /`([A-Z_]+)`/g)) expect(environment[name]).toBe(`\${${name}:-}`);
    expect(environment.METRICS_HOST).toBe('0.0.0.0');
    expect(services.node1!.ports).toBeUndefined();
  });

  it('holds no secret, and does not start without those of .env', () => {
    for (const secret of ['TOKEN_SECRET', 'POSTGRES_PASSWORD']) {
      const ways = all(compose, new RegExp(`\\$\\{${secret}(?!\\w)(..)`, 'g'));
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
    expect(all(read('deploy/nginx-parley.conf'), /client_max_body_size (\d+)k;/g)).toEqual([
      `${MAX_BODY_BYTES / 1024}`,
    ]);
  });

  it('never sends a POST again that was sent', () => {
    const directives = read('deploy/nginx-parley.conf').replaceAll(/#.*$/gm, '');

    expect(directives).toMatch(/proxy_next_upstream error timeout http_503;/);
    expect(directives).not.toContain('non_idempotent');
  });
});
