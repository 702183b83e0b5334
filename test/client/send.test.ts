import { expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createConnection } from '@parley-chat/client/connection';
import { rateLimitedMs, SignedOutError } from '@parley-chat/client/refusal';
import { untilAnswered } from '@parley-chat/client/send';
import { LogOutDocument, SendMessageDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { groupChat, newPerson } from '../support/people.js';

const node = ownNode({ messagesPerMinute: 1 });

const limited = { __typename: 'RateLimitedError', reason: 'Too fast', retryAfterMs: 30 };
const success = { __typename: 'SendMessageSuccess' };

it('sees the rate limit in an answer of the server, and gives it back where waiting is not worthwhile', async () => {
  const { ada, chat } = await groupChat(node);
  const waits: (number | null)[] = [];
  const send = (text: string) =>
    untilAnswered(() => ada.ask(SendMessageDocument, { input: { chatId: chat.id, text, clientMessageId: text } }), {
      waitsForRateLimit: true,
      isWorthwhile: (answer) => waits.push(rateLimitedMs(answer)) === 0,
    });

  const answers = [await send('one'), await send('two')];

  expect(answers).toMatchObject([
    { sendMessage: { __typename: 'SendMessageSuccess' } },
    { sendMessage: { __typename: 'RateLimitedError', retryAfterMs: waits[0] } },
  ]);
});

it('hands the rate limit on where it was not asked, or waiting is not worthwhile', async () => {
  const ask = vi.fn(() => Promise.resolve({ sendMessage: limited }));

  expect(await untilAnswered(ask)).toEqual({ sendMessage: limited });
  const isWorthwhile = vi.fn(() => false);
  expect(await untilAnswered(ask, { waitsForRateLimit: true, isWorthwhile })).toEqual({ sendMessage: limited });

  expect(isWorthwhile.mock.calls).toEqual([[{ sendMessage: limited }]]);
  expect(ask).toHaveBeenCalledTimes(2);
});

it('never comes before the time that the server named', async () => {
  const answers = [limited, success];
  const begun = performance.now();

  expect(await untilAnswered(() => Promise.resolve(answers.shift()!), { waitsForRateLimit: true })).toBe(success);

  // A timer may be a millisecond early.
  expect(performance.now() - begun).toBeGreaterThan(limited.retryAfterMs - 2);
});

it.each([
  ['graphql-ws', { code: 4401, reason: 'Sign in again' }],
  ['graphql-ws, for a token that is none', { code: 4403, reason: 'Malformed' }],
  [
    'urql',
    Object.assign(new Error('[Network] undefined'), { networkError: { code: 4401, reason: '' }, graphQLErrors: [] }),
  ],
  ['Apollo', new Error('Socket closed with event 4401 Sign in again')],
  ['a session', new SignedOutError('Signed out')],
])('takes a socket that is refused for good for an answer, as it comes from %s', async (_library, error) => {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as graphql-ws does
  const ask = vi.fn(() => Promise.reject(error));

  await expect(untilAnswered(ask, { isWorthwhile: () => ask.mock.calls.length < 2 })).rejects.toBe(error);

  expect(ask).toHaveBeenCalledTimes(1);
});

it('gives up when its session ends while it waits for an answer', async () => {
  const ada = await newPerson(node);
  const client = createConnection({
    url: node.socketUrl,
    accessToken: () => ada.session.accessToken,
    webSocketImpl: WebSocket,
    onRefused: () => {},
  });
  onTestFinished(async () => client.dispose());
  await ada.ask(LogOutDocument, { everywhere: true });

  const answer = untilAnswered(
    () =>
      new Promise((resolve, reject) => {
        client.subscribe({ query: '{ viewer { id } }' }, { next: resolve, error: reject, complete: () => {} });
      }),
  );

  // By the socket's end, or by the operation's answer where that is sooner.
  const ended = await answer.catch((error: unknown) => error);
  expect(Array.isArray(ended) ? ended : [ended]).toMatchObject([
    Array.isArray(ended) ? { extensions: { code: 'UNAUTHENTICATED' } } : { code: 4401 },
  ]);
});

it.each([
  ['the member of the union', limited],
  ['data', { sendMessage: limited }],
  ['the result of a library', { data: { sendMessage: limited } }],
])('finds a rate limit in %s', (_where, answer) => {
  expect(rateLimitedMs(answer)).toBe(30);
});

it.each([[null], [undefined], ['text'], [success], [{ data: null }], [{ data: { sendMessage: success } }]])(
  'finds none in %j',
  (answer) => {
    expect(rateLimitedMs(answer)).toBeNull();
  },
);
