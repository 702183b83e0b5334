/** A server as people run it: a process of its own, which can be killed and started again on the same folder and port. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { freePort } from '../../scripts/services.mjs';
import { embeddedDatabase } from './database.js';
import { NODE_ARGS } from './node-args.js';
import { PARLEY } from './program.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface ServerProcess {
  url: string;
  /** Of a demo person; empty for another. */
  passwordOf(username: string): string;
  start(): Promise<void>;
  /** While it runs. */
  pid(): number;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Started, with the demo data, unless the environment says otherwise. Ended when the test is. */
export const serverProcess = async (environment: Record<string, string> = {}): Promise<ServerProcess> => {
  const dataDir = environment.DATA_DIR ?? (await embeddedDatabase()).config.dataDir;
  const port = environment.PORT ?? String(await freePort());
  let child: ChildProcess | undefined;

  const server: ServerProcess = {
    url: `http://127.0.0.1:${port}`,
    passwordOf: (username) => {
      const people = JSON.parse(readFileSync(join(dataDir, 'demo-passwords.json'), 'utf8')) as {
        username: string;
        password: string;
      }[];
      return people.find((one) => one.username === username)?.password ?? '';
    },
    start: async () => {
      const { PATH = '' } = process.env;
      const started = spawn(process.execPath, [...NODE_ARGS, PARLEY, 'serve'], {
        cwd: root,
        env: {
          PATH,
          DATA_DIR: dataDir,
          PORT: port,
          CHAT_CONNECTIONS_PER_USER: '0',
          MESSAGES_PER_MINUTE: '0',
          LOG_LEVEL: 'info',
          ...environment,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      child = started;
      let said = '';
      started.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await new Promise<void>((resolve, reject) => {
        createInterface({ input: started.stdout }).on('line', (line) => {
          said += `${line}\n`;
          if (line.includes('"Listening"')) resolve();
        });
        started.once('exit', (code) => reject(new Error(`The server ended with ${code}:\n${said}`)));
      });
    },
    pid: () => child!.pid!,
    kill: async (signal) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
    },
  };
  onTestFinished(() => server.kill('SIGKILL'));
  await server.start();
  return server;
};
