/** The README's example, run as it says, over a server that goes away and comes back. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { expect, it, onTestFinished, vi } from 'vitest';
import { NewestChatDocument } from '../../examples/operations.js';
import { freePort } from '../../scripts/services.mjs';
import { createApp, type App } from '../../src/app.js';
import { requireConfig } from '../../src/config.js';
import { createLogger } from '../../src/logger.js';
import { embeddedDatabase } from '../support/database.js';
import { LogInDocument } from '../support/generated/operations.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const startApp = async (port: number, dataDir: string): Promise<App> => {
  const { config } = requireConfig({
    PORT: `${port}`,
    DATA_DIR: dataDir,
    DRAIN_SECONDS: '1',
    MESSAGES_PER_MINUTE: '0',
  });
  const app = await createApp(config, createLogger({ level: 'silent', stream: { write: () => undefined } }));
  onTestFinished(() => app.stop());
  await app.listen();
  return app;
};

const ask = async <Result, Variables>(
  { url }: App,
  document: TypedDocumentNode<Result, Variables> | string,
  variables: Variables,
  authorization = '',
): Promise<Result> => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization && { authorization }) },
    body: JSON.stringify({ query: typeof document === 'string' ? document : print(document), variables }),
  });
  return ((await response.json()) as { data: Result }).data;
};

const SEND = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }';

it('the example misses nothing and says nothing twice when the server is restarted', async () => {
  const [port, database] = [await freePort(), await embeddedDatabase()];
  const app = await startApp(port, database.config.dataDir);
  const password = /^ *maria +(\S+)/m.exec(app.welcome)![1]!;
  const { logIn } = await ask(app, LogInDocument, { input: { username: 'maria', password } });
  if (logIn?.__typename !== 'LogInSuccess') throw new Error(logIn?.reason);
  const authorization = `Bearer ${logIn.session.accessToken}`;
  const { chats } = await ask(app, NewestChatDocument, {}, authorization);
  const chatId = chats!.nodes[0]!.id;
  const say = async (to: App, text: string) => {
    const answer = await ask(to, SEND, { input: { chatId, text } }, authorization);
    expect(answer).toEqual({ sendMessage: { __typename: 'SendMessageSuccess' } });
  };

  const example = spawn(process.execPath, ['--import', 'tsx', 'examples/follow.ts', app.url, 'maria', password], {
    cwd: root,
  });
  onTestFinished(() => void example.kill('SIGKILL'));
  let printed = '';
  for (const stream of [example.stdout, example.stderr])
    stream.on('data', (text: Buffer) => (printed += text.toString()));
  const said = () => printed.split('\n').filter((line) => line.startsWith('maria: word'));
  const expectSaid = (...words: string[]) =>
    vi.waitFor(() => expect(said(), printed).toEqual(words.map((word) => `maria: word ${word}`)), { timeout: 20_000 });

  // Whether it has subscribed by then or not: it begins at the cursor that it got with the chat.
  await vi.waitFor(() => expect(printed).not.toBe(''), { timeout: 20_000 });
  await say(app, 'word one');
  await expectSaid('one');

  await app.stop();
  const again = await startApp(port, database.config.dataDir);
  await say(again, 'word two');
  await expectSaid('one', 'two');
  await say(again, 'word three');
  await expectSaid('one', 'two', 'three');
}, 60_000);
