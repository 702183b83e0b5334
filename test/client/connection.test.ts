/** A connection that stays: over the end of its token, and until its credential is refused. */
import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createConnection, type Credential } from '@parley-chat/client/connection';
import { SignedOutError } from '@parley-chat/client/refusal';
import { createProxy } from '../faults/parties/proxy.js';
import { CreateApiTokenDocument, RevokeApiTokenDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { newExternalId, shop, shopToken } from '../support/trusted.js';
import { until } from '../support/until.js';

const node = ownNode(shop);

/** For the rest of the test, with all that it says. */
const connect = (credential: Credential, url: string | (() => string) = node.socketUrl, openWithinMs?: number) => {
  const states: string[] = [];
  const refused: [code: number, reason: string][] = [];
  const client = createConnection({
    ...credential,
    url,
    webSocketImpl: WebSocket,
    ...(openWithinMs !== undefined && { openWithinMs }),
    onState: (state) => states.push(state),
    onRefused: (...why) => refused.push(why),
  });
  onTestFinished(async () => client.dispose());
  const ended: unknown[] = [];
  const answers: unknown[] = [];
  const ask = () =>
    client.subscribe(
      { query: '{ viewer { id } }' },
      { next: ({ data }) => answers.push(data?.viewer), error: (error) => ended.push(error), complete: () => {} },
    );
  return { client, states, refused, ended, answers, ask };
};

const expiresAt = (token: string) =>
  (JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as { exp: number }).exp * 1000;

const apiToken = async () => {
  const person = await newPerson(node);
  const { createApiToken } = await person.ask(CreateApiTokenDocument, { input: { name: 'A bot' } });
  if (createApiToken?.__typename !== 'CreateApiTokenSuccess') throw new Error(JSON.stringify(createApiToken));
  return { person, ...createApiToken };
};

it('shows the open socket the next token before the present one ends', async () => {
  const customer = newExternalId();
  const shown: string[] = [];
  const { states, answers, ask } = connect({
    accessToken: () => {
      shown.push(shopToken(customer, {}, 8));
      return shown.at(-1)!;
    },
  });
  await until(() => shown.length > 0, 'the first token');

  // The server gives a token no second more than it says.
  await until(() => Date.now() > expiresAt(shown[0]!) + 1500, 'the end of the first');
  ask();

  await until(() => answers.length > 0, 'an answer');
  expect(answers).toEqual([{ id: expect.any(String) as string }]);
  expect(states).toEqual(['connected']);
  expect(shown.length).toBeGreaterThan(1);
});

it('asks once more for a token where it was refused one, and says which', async () => {
  const customer = newExternalId();
  const old = shopToken(customer, {}, -60);
  const asked: (string | undefined)[] = [];
  const { states, refused } = connect({
    accessToken: (token) => {
      asked.push(token);
      return token === old ? shopToken(customer) : old;
    },
  });

  await until(() => states.includes('connected'), 'the connection');
  expect(asked).toEqual([undefined, old]);
  expect(refused).toEqual([]);
});

it('acts with an API token, until that is revoked', async () => {
  const { person, token, apiToken: made } = await apiToken();
  const { refused, states, answers, ended, ask } = connect({ authorization: () => `Token ${token}` });
  ask();
  await until(() => answers.length > 0, 'an answer');
  expect(answers).toEqual([{ id: person.id }]);

  await person.ask(RevokeApiTokenDocument, { apiTokenId: made.id });

  await until(() => refused.length > 0, 'the refusal');
  expect(refused).toEqual([[4401, 'The session, the token or the account is gone: sign in again']]);
  expect(states).toEqual(['connected', 'away']);
  ask();
  await until(() => ended.length > 0, 'the end of what comes later');
  expect(ended).toMatchObject([{ code: 4401 }]);
  expect(refused).toHaveLength(1);
});

it('gives up after the second refusal of a token that is none', async () => {
  const asked = vi.fn(() => 'Token pat_nonsense');
  const { refused, ended, ask } = connect({ authorization: asked });
  ask();

  await until(() => refused.length > 0, 'the refusal');
  await until(() => ended.length > 0, 'the end of what it was asked');
  expect(refused).toEqual([[4403, expect.stringContaining('malformed') as string]]);
  expect(ended).toMatchObject([{ code: 4403 }]);
  expect(asked.mock.calls).toEqual([[undefined], ['Token pat_nonsense']]);
});

it('gives up where nobody is signed in any more', async () => {
  const { refused, ended, ask } = connect({
    accessToken: () => Promise.reject(new SignedOutError('Signed out in another tab')),
  });
  ask();

  await until(() => ended.length > 0, 'the end');
  expect(refused).toEqual([[4401, 'Signed out in another tab']]);
});

it('tries for as long as it takes where there is no token to be had, or no server', async () => {
  const { session } = await newPerson(node);
  const nobody = createServer();
  await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
  const { port } = nobody.address() as { port: number };
  nobody.close();
  let tries = 0;
  const { states, refused } = connect(
    {
      accessToken: () => {
        if (tries < 6) throw new TypeError('fetch failed');
        return session.accessToken;
      },
    },
    () => ((tries += 1) <= 3 ? `ws://127.0.0.1:${port}` : node.socketUrl),
  );

  await until(() => states.includes('connected'), 'the connection');
  expect(tries).toBe(6);
  expect(refused).toEqual([]);
});

it('comes back where one token is not to be had, over a slow network', async () => {
  const { session } = await newPerson(node);
  const proxy = await createProxy(Number(new URL(node.url).port));
  proxy.slow(150);
  let tries = 0;
  const accessToken = () => {
    tries += 1;
    if (tries === 1) throw new TypeError('fetch failed');
    return session.accessToken;
  };
  const { states, ended, answers, ask } = connect({ accessToken }, `ws://127.0.0.1:${proxy.port}/graphql`);
  onTestFinished(proxy.stop);
  ask();

  await until(() => answers.length + ended.length > 0, 'an answer');
  // What a late close would have ended.
  ask();
  await until(() => answers.length + ended.length > 1, 'another answer');
  expect(ended).toEqual([]);
  expect(states.at(-1)).toBe('connected');
});

it('gives up a socket that does not open, and tries another', async () => {
  const { session } = await newPerson(node);
  const taken: Socket[] = [];
  const silent = createTcpServer((socket) => void taken.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of taken) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as { port: number };
  const { states } = connect(
    { accessToken: () => session.accessToken },
    () => (taken.length === 0 ? `ws://127.0.0.1:${port}` : node.socketUrl),
    100,
  );

  await until(() => states.includes('connected'), 'the connection');
  expect(taken).toHaveLength(1);
});

it('comes back after a fault of the server’s', async () => {
  const { session } = await newPerson(node);
  const { states, answers, ended, client } = connect({ accessToken: () => session.accessToken });
  await until(() => states.includes('connected'), 'the connection');
  const log = vi.spyOn(node.log, 'push');
  onTestFinished(() => log.mockRestore());
  log.mockImplementation((...lines) => {
    if (lines[0]!.msg !== 'Subscribed') return 0;
    log.mockRestore();
    throw new Error('The log cannot be written');
  });

  client.subscribe(
    { query: 'subscription { events { __typename } }' },
    { next: ({ data }) => answers.push(data), error: (error) => ended.push(error), complete: () => {} },
  );

  await until(() => answers.length + ended.length > 0, 'an event');
  expect(ended).toEqual([]);
  expect(states).toEqual(['connected', 'away', 'connected']);
});

it('can be disposed of while it is away', async () => {
  const { client, states } = connect({ accessToken: () => Promise.reject(new TypeError('fetch failed')) });
  await until(() => states.includes('away'), 'the first loss');

  await expect(client.dispose()).resolves.toBeUndefined();
});

it('stays where a handler throws, and reports what it was', async () => {
  const { session } = await newPerson(node);
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  onTestFinished(() => void vi.unstubAllGlobals());
  const states: string[] = [];
  const answers: unknown[] = [];
  const client = createConnection({
    url: node.socketUrl,
    accessToken: () => session.accessToken,
    webSocketImpl: WebSocket,
    onState: (state) => {
      states.push(state);
      if (state === 'connected') throw new Error(state);
    },
  });
  onTestFinished(async () => client.dispose());

  client.subscribe(
    { query: '{ viewer { id } }' },
    { next: ({ data }) => answers.push(data), error: () => {}, complete: () => {} },
  );

  await until(() => answers.length > 0, 'an answer');
  expect(states).toEqual(['connected']);
  expect(reported.mock.calls).toEqual([[new Error('connected')]]);
});
