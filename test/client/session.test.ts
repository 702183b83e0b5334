/** Signed in, and staying so: in one program, and in several tabs. */
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { SignedOutError } from '@parley-chat/client/refusal';
import { createSession, SignInError, type Locks, type SessionOptions } from '@parley-chat/client/session';
import { LogOutDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { newPerson, passwordOf, signIn } from '../support/people.js';
import { whoAmI } from '../support/who-am-i.js';

const node = ownNode({ accessTokenMinutes: 1 });

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** As if so much time had gone by: the clock alone, timers run on. */
const later = (seconds: number) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
};

/** As browsers have it. */
const localStorageOf = () => {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (name: string) => items.get(name) ?? null,
    setItem: (name: string, value: string) => void items.set(name, value),
    removeItem: (name: string) => void items.delete(name),
  };
};

/** One after another, as Web Locks. */
const queueing = (): Locks => {
  let last: Promise<unknown> = Promise.resolve();
  return { request: (_name, run) => (last = last.then(run, run)) };
};

/** A tab: what it is told is kept. */
const open = (options: Partial<SessionOptions> = {}) => {
  const signedOut: string[] = [];
  const session = createSession({
    url: node.endpoint,
    locks: null,
    onSignedOut: (reason) => signedOut.push(reason),
    ...options,
  });
  onTestFinished(() => session.dispose());
  return { session, signedOut };
};

const signedIn = async (options: Partial<SessionOptions> = {}) => {
  const { username } = await newPerson(node);
  const tab = open(options);
  await tab.session.signIn(username, passwordOf(username));
  return { ...tab, username };
};

/** In place of the network: `answers` in turn, then the network. */
const intercept = (...answers: ((...request: Parameters<typeof fetch>) => Promise<Response>)[]) => {
  const network = fetch;
  const stub = vi.fn((...request: Parameters<typeof fetch>) => (answers.shift() ?? network)(...request));
  vi.stubGlobal('fetch', stub);
  return stub;
};
const lost = () => Promise.reject(new TypeError('fetch failed'));
const answered = (body: object) => () => Promise.resolve(Response.json(body));

it('S4.3 keeps its access token while that is good, then replaces it in time, once for all who ask', async () => {
  const { session } = await signedIn();
  const requests = intercept();

  const first = await session.accessToken();
  const again = await session.accessToken();
  later(45);
  const replaced = await Promise.all([session.accessToken(), session.accessToken()]);

  expect(again).toBe(first);
  expect(replaced[0]).not.toBe(first);
  expect(replaced[1]).toBe(replaced[0]);
  expect(requests).toHaveBeenCalledTimes(1);
});

it('replaces a token that the server refused, though it looks good', async () => {
  const { session } = await signedIn();
  const first = await session.accessToken();

  const second = await session.accessToken(first);

  expect(second).not.toBe(first);
  expect(await session.accessToken(first)).toBe(second);
});

it('goes by how long a token lives, whatever the clock says', async () => {
  later(-3600);
  const { session } = await signedIn();
  const requests = intercept();

  await session.accessToken();

  expect(requests).not.toHaveBeenCalled();
});

it('makes an account, and says what is wrong with one', async () => {
  const { session } = open();
  const input = {
    username: `new-${Date.now()}`,
    password: 'a password that is long',
    email: `${Date.now()}@example.org`,
  };

  const { username } = await session.register(input);

  expect(username).toBe(input.username);
  expect(session.user).toMatchObject({ username });
  expect(await whoAmI(node, 'http', `Bearer ${await session.accessToken()}`)).toMatchObject({
    data: { viewer: { id: session.user!.id } },
  });
  const refused = open().session.register({ ...input, password: 'short' });
  await expect(refused).rejects.toThrow(SignInError);
  await expect(refused).rejects.toMatchObject({
    code: 'InvalidInputError',
    fields: expect.arrayContaining([expect.objectContaining({ path: ['password'] })]) as unknown,
  });
});

it('says why nobody could be signed in, and that nobody is', async () => {
  const { username } = await newPerson(node);
  const { session, signedOut } = open();

  const refused = session.signIn(username, 'not the password');

  await expect(refused).rejects.toMatchObject({
    code: 'InvalidCredentialsError',
    message: 'Username or password is wrong',
  });
  expect(session.user).toBeNull();
  await expect(session.accessToken()).rejects.toThrow(SignedOutError);
  expect(signedOut).toEqual([]);
});

it('is there after a reload, and survives a storage that holds something else', async () => {
  const storage = localStorageOf();
  const { session } = await signedIn({ storage });

  const reloaded = open({ storage }).session;

  expect(reloaded.user).toEqual(session.user);
  expect(await reloaded.accessToken()).toBe(await session.accessToken());
  storage.setItem('parley', 'somebody else’s');
  expect(open({ storage }).session.user).toBeNull();
});

it.each([
  ['with locks', queueing],
  ['without locks', () => null],
])('two tabs that refresh at once have the same tokens, and stay signed in, %s', async (_how, locksOf) => {
  const [storage, locks] = [localStorageOf(), locksOf()];
  const one = await signedIn({ storage, locks });
  const other = open({ storage, locks });
  later(45);

  const tokens = await Promise.all([one.session.accessToken(), other.session.accessToken()]);
  later(45);
  await other.session.accessToken();

  if (locks) expect(tokens[1]).toBe(tokens[0]);
  expect(await one.session.accessToken()).toBe(await other.session.accessToken());
  expect([one.signedOut, other.signedOut]).toEqual([[], []]);
});

it('takes turns by the Web Locks that there are, with the tabs it shares a storage with', async () => {
  const storage = localStorageOf();
  const request = vi.fn(queueing().request);
  vi.stubGlobal('navigator', { locks: { request } });
  const options = { locks: undefined };
  const [alone, one] = [await signedIn(options), await signedIn({ ...options, storage })];

  await alone.session.accessToken(await alone.session.accessToken());
  expect(request).not.toHaveBeenCalled();

  await one.session.accessToken(await one.session.accessToken());
  expect(request).toHaveBeenCalledTimes(1);
});

it('with locks only one of two tabs asks the server', async () => {
  const [storage, locks] = [localStorageOf(), queueing()];
  const one = await signedIn({ storage, locks });
  const other = open({ storage, locks });
  later(45);
  const requests = intercept();

  await Promise.all([one.session.accessToken(), other.session.accessToken()]);

  expect(requests).toHaveBeenCalledTimes(1);
});

/** It arrives and is done; the answer does not come. */
const answerLost = (...request: Parameters<typeof fetch>) => {
  const answer = network(...request);
  return answer.then(() => Promise.reject(new TypeError('fetch failed')));
};
const network = fetch;

it.each([
  ['once, and repeats it at once', 1],
  ['and the repetition’s too, and asks again when somebody next wants a token', 2],
])('S4.3 loses an answer %s: nobody is signed out', async (_how, losses) => {
  const { session, signedOut } = await signedIn();
  const first = await session.accessToken();
  intercept(...Array.from({ length: losses }, () => answerLost));

  const outcome = await session.accessToken(first).catch((error: unknown) => error);
  const token = typeof outcome === 'string' ? outcome : await session.accessToken(first);

  expect(token).not.toBe(first);
  expect(await whoAmI(node, 'http', `Bearer ${token}`)).toMatchObject({ data: { viewer: { id: session.user!.id } } });
  expect(await session.accessToken(token)).not.toBe(token);
  expect(signedOut).toEqual([]);
});

it('S4.3 without locks, takes of two answers for one refresh the one that the server gave last, in whichever order they come', async () => {
  const storage = localStorageOf();
  const one = await signedIn({ storage });
  const other = open({ storage });
  const first = await one.session.accessToken();
  let arrive: () => void = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  let isDone: () => void = () => {};
  const done = new Promise<void>((resolve) => (isDone = resolve));
  intercept(
    // The first that the server answers, the second that arrives.
    async (...request) => {
      const answer = await network(...request);
      arrive();
      await done;
      return answer;
    },
    async (...request) => {
      await arrived;
      const answer = await network(...request);
      return answer;
    },
  );

  const early = one.session.accessToken(first);
  const late = await other.session.accessToken(first);
  isDone();

  expect(await early).toBe(late);
  expect(await whoAmI(node, 'http', `Bearer ${late}`)).toMatchObject({
    data: { viewer: { id: one.session.user!.id } },
  });
  expect([one.signedOut, other.signedOut]).toEqual([[], []]);
});

it('S4.3 without locks, takes the server’s last answer though it comes last', async () => {
  const storage = localStorageOf();
  const one = await signedIn({ storage });
  const other = open({ storage });
  const first = await one.session.accessToken();
  let arrive: () => void = () => {};
  const arrived = new Promise<void>((resolve) => (arrive = resolve));
  let isKept: () => void = () => {};
  const kept = new Promise<void>((resolve) => (isKept = resolve));
  intercept(
    (...request) => network(...request).finally(arrive),
    async (...request) => {
      await arrived;
      const answer = await network(...request);
      await kept;
      return answer;
    },
  );

  const early = one.session.accessToken(first).finally(isKept);
  const late = other.session.accessToken(first);
  await early;
  const token = await late;

  expect(token).not.toBe(await early);
  expect(await one.session.accessToken()).toBe(token);
  expect(await whoAmI(node, 'http', `Bearer ${token}`)).toMatchObject({
    data: { viewer: { id: one.session.user!.id } },
  });
  expect([one.signedOut, other.signedOut]).toEqual([[], []]);
});

it('signed out in one tab is signed out in the other, and on the server', async () => {
  const storage = localStorageOf();
  const one = await signedIn({ storage });
  const other = open({ storage });
  const token = await one.session.accessToken();

  await other.session.signOut();

  await expect(one.session.accessToken()).rejects.toThrow(SignedOutError);
  expect([one.signedOut, other.signedOut]).toEqual([['Signed out in another tab'], ['Signed out']]);
  expect([one.session.user, other.session.user]).toEqual([null, null]);
  expect(storage.items.size).toBe(0);
  expect(await whoAmI(node, 'http', `Bearer ${token}`)).toMatchObject({
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  });
});

it('a tab is not given the tokens of somebody else who signs in beside it', async () => {
  const storage = localStorageOf();
  const one = await signedIn({ storage });

  const other = await signedIn({ storage });

  await expect(one.session.accessToken()).rejects.toThrow(SignedOutError);
  expect(one.signedOut).toEqual([`${other.username} has signed in, in another tab`]);
  expect(other.session.user).toMatchObject({ username: other.username });
});

it('is over when the server says so', async () => {
  const storage = localStorageOf();
  const { session, signedOut, username } = await signedIn({ storage });
  const elsewhere = await signIn(node, username);
  await elsewhere.ask(LogOutDocument, { everywhere: true });

  const asked = session.accessToken(await session.accessToken());

  await expect(asked).rejects.toThrow(SignedOutError);
  expect(signedOut).toEqual([expect.stringContaining('This token is not valid')]);
  expect(storage.items.size).toBe(0);
});

it('repeats once what was lost on its way, and takes a network that is away for no end', async () => {
  const { session, signedOut } = await signedIn();
  const first = await session.accessToken();
  const requests = intercept(lost);

  const second = await session.accessToken(first);
  expect(second).not.toBe(first);
  expect(requests).toHaveBeenCalledTimes(2);

  const away = intercept(lost, lost, lost, lost);
  await expect(session.accessToken(second)).rejects.toThrow('fetch failed');
  later(45);
  expect(await session.accessToken()).toBe(second); // good for some seconds yet
  expect(away).toHaveBeenCalledTimes(4);
  expect(signedOut).toEqual([]);
  expect(await session.accessToken()).not.toBe(second);
});

it('comes again when the server asks it to', async () => {
  const { session, signedOut } = await signedIn();
  const first = await session.accessToken();
  const requests = intercept(
    answered({ errors: [{ message: 'Later', extensions: { code: 'UNAVAILABLE', retryAfterMs: 10 } }] }),
    answered({ data: { refreshSession: { __typename: 'RateLimitedError', reason: 'Too often', retryAfterMs: 10 } } }),
  );

  expect(await session.accessToken(first)).not.toBe(first);

  expect(requests).toHaveBeenCalledTimes(3);
  expect(signedOut).toEqual([]);
});

it('does not store what was refreshed for somebody over somebody else who has signed in since', async () => {
  const storage = localStorageOf();
  const { session } = await signedIn({ storage });
  const other = await newPerson(node);
  const first = await session.accessToken();
  const network = fetch;
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  intercept(async (...request) => {
    const response = await network(...request);
    await held;
    return response;
  });
  const asked = session.accessToken(first);

  await session.signOut();
  await session.signIn(other.username, passwordOf(other.username));
  answer();
  await asked;

  expect(session.user).toMatchObject({ username: other.username });
  expect(await whoAmI(node, 'http', `Bearer ${await session.accessToken()}`)).toMatchObject({
    data: { viewer: { id: session.user!.id } },
  });
});

it('signs out on the server though the page goes', async () => {
  const { session } = await signedIn();
  const requests = intercept();

  await session.signOut();

  expect(requests.mock.calls.map(([, options]) => options?.keepalive)).toEqual([true]);
});

it('is kept in memory where there is no storage to be had', async () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);

  const { session, username } = await signedIn({
    storage: () => {
      throw new DOMException('The operation is insecure', 'SecurityError');
    },
  });

  expect(session.user).toMatchObject({ username });
  expect(reported).not.toHaveBeenCalled();
});

it('is kept in the storage that a function gives', async () => {
  const storage = localStorageOf();
  const { session } = await signedIn({ storage: () => storage });

  expect(open({ storage }).session.user).toEqual(session.user);
});

it('goes on without a storage that is full', async () => {
  const reported = vi.fn();
  vi.stubGlobal('reportError', reported);
  const storage = {
    ...localStorageOf(),
    setItem: () => {
      throw new Error('The quota has been exceeded');
    },
  };

  const { session } = await signedIn({ storage });
  const first = await session.accessToken();

  expect(await session.accessToken(first)).not.toBe(first);
  expect(reported).toHaveBeenCalledTimes(1);
});
