import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createUploadRequests } from '../../src/server/uploads.js';
import { longestMs, watchRate } from '../../src/server/least-rate.js';
import { domainNode } from '../support/domain.js';
import { ownDatabase } from '../support/own-database.js';
import { createLogger } from '../../src/logger.js';
import { newPerson } from '../support/chats.js';
import { until } from '../support/until.js';

const db = ownDatabase();
const rate = { graceMs: 200, bytesPerSecond: 1000 };

describe('The least rate of an upload', () => {
  it('lets 25 MB take 54 minutes', () => {
    const minutes = longestMs(25 * 1024 * 1024, { graceMs: 30_000, bytesPerSecond: 8192 }) / 60_000;
    expect(minutes).toBeCloseTo(53.8, 1);
  });

  it('is told of once, and not once stopped', async () => {
    let slow = 0;
    watchRate(
      { graceMs: 20, bytesPerSecond: 1000 },
      () => 0,
      () => (slow += 1),
    );
    const stop = watchRate(
      { graceMs: 20, bytesPerSecond: 1000 },
      () => 0,
      () => (slow += 100),
    );
    stop();
    watchRate(
      { graceMs: 20, bytesPerSecond: 1000 },
      () => Infinity,
      () => (slow += 100),
    );

    await until(() => slow === 1, 'the slow one');
    expect(slow).toBe(1);
  });

  it('T92 ends a slow upload with 408 and leaves its announcement, while one that keeps up takes its time', async () => {
    const node = await domainNode(db.current);
    const ada = await newPerson(db.current);
    const logger = createLogger({ level: 'silent', stream: { write: () => undefined } });
    const answer = createUploadRequests({ ...node, logger, leastRate: rate });
    const server = createServer((request, response) => void answer(request, response, 'test'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const { link } = await node.uploads.create(ada, { purpose: 'ATTACHMENT', filename: 'slow', byteSize: 5000 });
    /** So many bytes every 50 ms. */
    const drip = (bytes: number) =>
      new Promise<number>((resolve, reject) => {
        const request = httpRequest(`http://127.0.0.1:${port}${link.url}`, { method: 'PUT' });
        let sent = 0;
        const timer = setInterval(() => {
          const next = Math.min(bytes, 5000 - sent);
          sent += next;
          if (next > 0) request.write('x'.repeat(next));
          else request.end();
        }, 50);
        request.once('response', (response) => {
          clearInterval(timer);
          resolve(response.statusCode!);
          response.resume();
        });
        request.once('error', reject);
        onTestFinished(() => clearInterval(timer));
      });

    expect(await drip(10)).toBe(408);
    expect(await drip(200)).toBe(201);
  });
});
