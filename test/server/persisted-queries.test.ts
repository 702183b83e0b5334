import { createHash, randomUUID } from 'node:crypto';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client/core';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { describe, expect, it } from 'vitest';
import { createPersistedQueries } from '../../src/server/persisted-queries.js';
import { bearer, postBody } from '../support/http.js';
import type { Answer } from '../support/live.js';
import { ownNode } from '../support/node.js';
import { newPerson, type Person } from '../support/people.js';
import type { Socket } from '../support/socket.js';

const node = ownNode();

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const extensionsFor = (text: string) => ({ persistedQuery: { version: 1, sha256Hash: sha256(text) } });

/** A document that nobody has sent before. */
const newQuery = () => `{ viewer { username } } # ${randomUUID()}`;

const NOT_FOUND = [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }];

interface Params {
  query?: string;
  variables?: object;
  extensions?: object;
}

type Send = (params: Params) => Promise<Answer<{ viewer: { username: string } | null }> & { status?: number }>;

const byPost =
  (person?: Person): Send =>
  async (params) => {
    const response = await postBody(node.endpoint, JSON.stringify(params), bearer(person?.session.accessToken));
    return { ...((await response.json()) as Answer<never>), status: response.status };
  };

const byGet =
  (person: Person): Send =>
  async (params) => {
    const search = new URLSearchParams(
      Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    );
    const response = await fetch(`${node.endpoint}?${search.toString()}`, {
      headers: bearer(person.session.accessToken),
    });
    return { ...((await response.json()) as Answer<never>), status: response.status };
  };

const byEvents =
  (person: Person): Send =>
  async (params) => {
    const headers = { accept: 'text/event-stream', ...bearer(person.session.accessToken) };
    const response = await postBody(node.endpoint, JSON.stringify(params), headers);
    const [, data] = /event: next\ndata: (.*)\n/.exec(await response.text())!;
    return { ...(JSON.parse(data!) as Answer<never>), status: response.status };
  };

const bySocket =
  (socket: Socket): Send =>
  async (payload) => {
    const id = randomUUID();
    socket.send({ id, type: 'subscribe', payload });
    const told = () => socket.messages.find((message) => message.id === id);
    await expect.poll(told).toBeDefined();
    const { type, payload: said } = told()!;
    return type === 'error' ? { errors: said as NonNullable<Answer<never>['errors']> } : (said as Answer<never>);
  };

const sendersOf = async (person: Person): Promise<[string, Send][]> => [
  ['POST', byPost(person)],
  ['GET', byGet(person)],
  ['Server-Sent Events', byEvents(person)],
  ['a WebSocket', bySocket(await person.connect())],
];

describe('a persisted query', () => {
  it('is asked for once and then known by its hash, over every transport, wherever it was sent', async () => {
    const ada = await newPerson(node);
    const answer = { data: { viewer: { username: ada.username } } };

    for (const [transport, send] of await sendersOf(ada)) {
      const query = newQuery();
      const extensions = extensionsFor(query);

      expect((await send({ extensions })).errors, transport).toMatchObject(NOT_FOUND);
      expect(await send({ query, extensions }), transport).toMatchObject(answer);
      for (const [other, again] of await sendersOf(ada))
        expect(await again({ extensions }), `${transport}, then ${other}`).toMatchObject(answer);
    }
  });

  it('may come with an empty text over a WebSocket, where the protocol wants one', async () => {
    const ada = await newPerson(node);
    const send = bySocket(await ada.connect());
    const query = newQuery();

    const first = await send({ query: '', extensions: extensionsFor(query) });
    await send({ query, extensions: extensionsFor(query) });
    const then = await send({ query: '', extensions: extensionsFor(query) });

    expect(first.errors).toMatchObject(NOT_FOUND);
    expect(then).toEqual({ data: { viewer: { username: ada.username } } });
  });

  it('can be a subscription, and takes the variables that come with its hash', async () => {
    const ada = await newPerson(node);
    const socket = await ada.connect();
    const query = 'subscription ($chatId: ID!) { chatEvents(chatId: $chatId) { __typename } }';
    const send = bySocket(socket);
    await send({ query, variables: { chatId: 'x' }, extensions: extensionsFor(query) });

    const answer = await send({ variables: { chatId: 'x' }, extensions: extensionsFor(query) });

    expect(answer).toEqual({ data: { chatEvents: { __typename: 'SubscriptionEnded' } } });
  });

  it('is answered as 200 where it is not known: the client has done nothing wrong', async () => {
    expect((await byPost()({ extensions: extensionsFor(newQuery()) })).status).toBe(200);
  });

  it.each([
    ['whose hash is of another text', { version: 1, sha256Hash: sha256('{ __typename }') }],
    ['whose hash is none', { version: 1, sha256Hash: 'x' }],
    ['without a hash', { version: 1 }],
  ])('%s is refused, and says why', async (_what, persistedQuery) => {
    const ada = await newPerson(node);

    for (const [transport, send] of await sendersOf(ada)) {
      const { errors, status = 400 } = await send({ query: newQuery(), extensions: { persistedQuery } });
      expect(errors, transport).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
      expect(errors![0]!.message, transport).toMatch(/^`sha256Hash` /);
      expect(status, transport).toBe(400);
    }
  });

  it('of a version that is not understood is answered so that clients send texts from there on', async () => {
    const { errors } = await byPost()({ extensions: { persistedQuery: { version: 2, hash: 'x' } } });

    expect(errors).toMatchObject([
      { message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } },
    ]);
  });

  it.each([
    ['cannot be parsed', () => `{ # ${randomUUID()}`],
    ['is not valid', () => `{ nothing } # ${randomUUID()}`],
    [
      'is beyond a limit',
      () => `{ ${Array.from({ length: 50 }, (_, n) => `a${n}: __typename`).join(' ')} } # ${randomUUID()}`,
    ],
  ])('that %s is not kept', async (_what, make) => {
    const ada = await newPerson(node);
    const query = make();
    const extensions = extensionsFor(query);

    for (const [transport, send] of await sendersOf(ada)) {
      expect((await send({ query, extensions })).errors, transport).toBeDefined();
      expect((await send({ extensions })).errors, transport).toMatchObject(NOT_FOUND);
    }
  });

  it('is not kept for a credential that is no good', async () => {
    const query = newQuery();
    const extensions = extensionsFor(query);
    await postBody(node.endpoint, JSON.stringify({ query, extensions }), { authorization: 'Bearer x' });

    expect((await byPost()({ extensions })).errors).toMatchObject(NOT_FOUND);
  });
});

describe("Apollo's PersistedQueryLink", () => {
  it.each([
    [false, ['POST hash', 'POST hash and text', 'POST hash']],
    [true, ['GET hash', 'POST hash and text', 'GET hash']],
  ])('with useGETForHashedQueries %s sends each text once', async (useGETForHashedQueries, expected) => {
    const ada = await newPerson(node);
    const sent: string[] = [];
    const http = new HttpLink({
      uri: node.endpoint,
      headers: bearer(ada.session.accessToken),
      fetch: (input, init) => {
        const what = decodeURIComponent(input as string) + ((init?.body as string | undefined) ?? '');
        sent.push(`${init?.method} hash${what.includes('viewer') ? ' and text' : ''}`);
        return fetch(input, init);
      },
    });
    const link = new PersistedQueryLink({ sha256, useGETForHashedQueries }).concat(http);
    const client = new ApolloClient({ link, cache: new InMemoryCache() });
    const query = gql`query Asked${randomUUID().replaceAll('-', '')} { viewer { id username } }`;

    for (let time = 0; time < 2; time++) {
      const { data } = await client.query<{ viewer: { username: string } }>({ query, fetchPolicy: 'network-only' });
      expect(data?.viewer.username).toBe(ada.username);
    }

    expect(sent).toEqual(expected);
  });
});

describe('what is kept', () => {
  const many = { documents: 1000, bytes: 1000 };
  const hashed = (query: string) => ({ query, extensions: extensionsFor(query) });
  const isKept = ({ resolve }: ReturnType<typeof createPersistedQueries>, query: string) => {
    try {
      return resolve({ extensions: extensionsFor(query) }) && true;
    } catch {
      return false;
    }
  };

  it('is bounded by count: what was not used for the longest time goes first', () => {
    const queries = createPersistedQueries({ documents: 2, bytes: 1000 }, many);
    for (const query of ['a', 'b']) queries.keep(hashed(query), 'ada');
    queries.resolve({ extensions: extensionsFor('a') });

    queries.keep(hashed('c'), 'ada');

    expect(['a', 'b', 'c'].map((query) => isKept(queries, query))).toEqual([true, false, true]);
  });

  it('is bounded by bytes, not characters', () => {
    const queries = createPersistedQueries({ documents: 1000, bytes: 10 }, many);

    for (const query of ['жжж', 'ввв']) queries.keep(hashed(query), 'ada');

    expect(['жжж', 'ввв'].map((query) => isKept(queries, query))).toEqual([false, true]);
  });

  it('is bounded for each owner: nobody pushes out what others use', () => {
    const queries = createPersistedQueries(many, { documents: 2, bytes: 1000 });
    queries.keep(hashed('of ada'), 'ada');

    for (let n = 0; n < 100; n++) queries.keep(hashed(`rubbish ${n}`), 'mallory');

    expect(isKept(queries, 'of ada')).toBe(true);
    expect([97, 98, 99].map((n) => isKept(queries, `rubbish ${n}`))).toEqual([false, true, true]);
  });

  it('belongs to who sent it first, and counts once', () => {
    const queries = createPersistedQueries(many, { documents: 1, bytes: 1000 });
    queries.keep(hashed('shared'), 'ada');
    queries.keep(hashed('shared'), 'boris');

    queries.keep(hashed('of boris'), 'boris');

    expect(['shared', 'of boris'].map((query) => isKept(queries, query))).toEqual([true, true]);
  });
});
