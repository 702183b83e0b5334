/** What is in the image, and that it runs: the Dockerfile's own lines, without Docker. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../scripts/services.mjs';
import { readVersion } from '../../src/version.js';
import { temporaryFolder } from '../support/database.js';
import { checkHealth, makeImage, type Image } from '../support/image.js';
import { inherited } from '../support/parley.js';

let image: Image;

beforeAll(async () => {
  image = await makeImage();
}, 300_000);

describe('The container image', () => {
  it('serves, is healthy while it does, stops in order, and is unhealthy then', async () => {
    const PORT = String(await freePort());
    const node = await image.start({ PORT, DATA_DIR: temporaryFolder() });

    expect(await image.checkHealth({ PORT })).toBe(0);

    const ended = once(node, 'exit');
    node.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await image.checkHealth({ PORT })).toBe(1);
  });

  it('has the command line, which says its version', () => {
    const said = execFileSync(process.execPath, [join(image.folder, 'bin/parley.mjs'), '--version'], {
      env: inherited(),
      encoding: 'utf8',
    });

    expect(said.trim()).toBe(readVersion());
  });

  it('has neither Prisma’s command line, compilers, nor libraries of web apps in it', () => {
    const has = (name: string) => existsSync(join(image.folder, 'node_modules', name, 'package.json'));
    const unneeded = [
      'prisma',
      'tsx',
      'typescript',
      'esbuild',
      '@prisma/engines',
      '@apollo/client',
      '@urql/core',
      'react',
      's3rver',
    ];

    expect(unneeded.filter(has)).toEqual([]);
    expect(['@prisma/client', 'graphql', 'pg', 'sharp', '@parley-chat/client'].filter((name) => !has(name))).toEqual(
      [],
    );
    expect(readdirSync(image.folder).sort()).toEqual(
      ['LICENSE', 'bin', 'dist', 'node_modules', 'package.json', 'packages', 'prisma', 'scripts'].sort(),
    );
  });
});

describe('The health check of the image', () => {
  /** Takes connections and answers them with `answer`, or never. */
  const listen = async (answer?: string) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      if (answer !== undefined) socket.end(answer);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    return { PORT: String((server.address() as AddressInfo).port) };
  };

  it('ends by itself where the process takes connections and does not answer', async () => {
    // 124 is timeout's own; Docker would say the same of it, later.
    expect(await checkHealth(await listen())).toBe(124);
  });

  it('takes nothing but 200', async () => {
    expect(await checkHealth(await listen('HTTP/1.1 200 OK\r\n\r\n'))).toBe(0);
    expect(await checkHealth(await listen('HTTP/1.1 503 Service Unavailable\r\n\r\n'))).toBe(1);
    expect(await checkHealth(await listen(''))).toBe(1);
  });
});
