/** clamd itself (Debian: clamav-daemon), and a stand-in for what it seldom says. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { freePort } from '../../scripts/services.mjs';
import { temporaryFolder } from './database.js';

const PROGRAM = '/usr/sbin/clamd';

/** The file that all scanners find, and that harms nobody. In two parts, so that none finds this one. */
export const EICAR = ['X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR', '-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join('');
const EICAR_HASH = '44d88612fea8a8f36de82e1278abb02f';

/** With one signature of its own, since those of the world take a download. Gone when the test is. */
export const startClamd = async (): Promise<string> => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'signatures'));
  writeFileSync(join(folder, 'signatures/test.hdb'), `${EICAR_HASH}:${EICAR.length}:Eicar-Test\n`);
  const port = await freePort();
  const config = join(folder, 'clamd.conf');
  const lines = ['Foreground yes', `DatabaseDirectory ${folder}/signatures`, `TCPSocket ${port}`, 'TCPAddr 127.0.0.1'];
  writeFileSync(config, `${[...lines, 'StreamMaxLength 1M', `TemporaryDirectory ${folder}`].join('\n')}\n`);
  const child = spawn(PROGRAM, ['-c', config], { stdio: 'ignore' });
  onTestFinished(() => void child.kill('SIGKILL'));
  await vi.waitFor(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => resolve(void socket.destroy()));
        socket.once('error', reject);
      }),
    { timeout: 60_000, interval: 100 },
  );
  return `tcp://127.0.0.1:${port}`;
};

/** Reads what clamd reads, and answers as told; `undefined`: never. Gone when the test is. */
export const startStandIn = async (answer: (bytes: Buffer) => string | undefined, port = 0) => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let unread = Buffer.alloc(0);
    const file: Buffer[] = [];
    let isBegun = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      unread = Buffer.concat([unread, chunk]);
      if (!isBegun) {
        const command = 'zINSTREAM\0';
        if (unread.length < command.length) return;
        if (unread.subarray(0, command.length).toString() !== command) return void socket.end('UNKNOWN COMMAND\0');
        isBegun = true;
        unread = unread.subarray(command.length);
      }
      while (unread.length >= 4) {
        const length = unread.readUInt32BE();
        if (length === 0) {
          const said = answer(Buffer.concat(file));
          if (said !== undefined) socket.end(said);
          return;
        }
        if (unread.length < 4 + length) return;
        file.push(unread.subarray(4, 4 + length));
        unread = unread.subarray(4 + length);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  onTestFinished(async () => void (server.listening && (await stop())));
  const { port: actual } = server.address() as AddressInfo;
  return { url: `tcp://127.0.0.1:${actual}`, port: actual, stop };
};

/** As clamd would answer. */
export const findsEicar = (bytes: Buffer): string =>
  bytes.includes(EICAR) ? 'stream: Eicar-Test FOUND\0' : 'stream: OK\0';
