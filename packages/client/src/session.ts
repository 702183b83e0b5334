/**
 * A person's session, kept signed in: across reloads, in all tabs, with an access token that is valid whenever one is requested.
 *
 * The stored session is the truth: another tab may have replaced the tokens, or signed out. A refresh token stays valid until
 * somebody uses the tokens it gave, so a refresh whose answer was lost is repeated; only one tab refreshes at a time, and the others
 * take over what it stored.
 */
import { retryAfterMs, rateLimitedMs, SignedOutError } from './refusal.js';
import { call } from './report.js';
import { untilAnswered } from './send.js';
import {
  LOG_IN,
  LOG_OUT,
  post,
  REFRESH,
  REGISTER,
  type Answer,
  type Refusal,
  type Tokens,
} from './session-requests.js';
import { createSessionStore, type SessionStorage, type Stored } from './session-store.js';
import { isNewerPair, marginOf, timesOf } from './token.js';

export type { SessionStorage } from './session-store.js';

export interface SessionOptions {
  /** `https://…/graphql` */
  url: string;
  /**
   * `() => localStorage`: kept across reloads, shared by all tabs. If absent, or if the function throws (the browser blocks storage,
   * or the code runs on a server), the session is kept in memory.
   */
  storage?: SessionStorage | (() => SessionStorage) | undefined;
  /** The storage key. */
  name?: string;
  /**
   * Lets one tab at a time refresh. Default: the browser's Web Locks if there is a storage that tabs share. Null, or a browser without
   * Web Locks: after its refresh each tab waits a moment for the others.
   */
  locks?: Locks | null | undefined;
  /** Signed out: here, in another tab, or by the server. Called once per sign-in. */
  onSignedOut?: (reason: string) => unknown;
}

/** As `navigator.locks`. */
export interface Locks {
  request(name: string, run: () => Promise<unknown>): Promise<unknown>;
}

export interface SessionUser {
  id: string;
  username: string;
}

export interface Registration {
  username: string;
  password: string;
  email: string;
  firstName?: string;
  lastName?: string;
}

export interface Session {
  /** Null: nobody is signed in. Stored with the tokens, so it is available at once after a reload. */
  readonly user: SessionUser | null;
  /** @throws SignInError if the server refuses; what `fetch` throws if it cannot be reached */
  signIn(username: string, password: string): Promise<SessionUser>;
  /** Creates an account, and signs in. @throws as `signIn` */
  register(registration: Registration): Promise<SessionUser>;
  /**
   * An access token that stays valid for a while: at least a minute, or a third of its lifetime if that is less. For
   * `createConnection`, and as `Bearer …` in a request's `Authorization` header.
   *
   * @param refused a token that the server has refused although it looked valid: it is replaced
   * @throws SignedOutError; what `fetch` throws if the server cannot be reached, which is no reason to sign in again
   */
  accessToken(this: void, refused?: string): Promise<string>;
  /** Signs out at once in this and other tabs, and on the server if it can be reached. */
  signOut(this: void): Promise<void>;
  /** Stops listening to other tabs. Does not sign out. */
  dispose(): void;
}

/** The server refused the sign-in or registration. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  /** The `__typename` of its answer, for example InvalidCredentialsError. */
  readonly code: string;
  /** For InvalidInputError: which input fields are wrong, and why. */
  readonly fields: readonly { path: readonly string[]; reason: string }[];
  /** For RateLimitedError. */
  readonly retryAfterMs: number | null;
  constructor({ __typename, reason, fields, retryAfterMs: wait }: Refusal) {
    super(reason);
    this.code = __typename;
    this.fields = fields ?? [];
    this.retryAfterMs = wait ?? null;
  }
}

/** How long a tab may take to store its new tokens, if no lock shows that it is about to. */
const OTHER_TAB_MS = 1000;
/** How long another tab's refresh may take to arrive: it voids our new tokens, as long as nobody has used them. */
const SETTLED_MS = 300;

export const createSession = ({
  url,
  storage,
  name = 'parley',
  locks = storage && (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks,
  onSignedOut,
}: SessionOptions): Session => {
  const store = createSessionStore({ storage, name, onChange: () => void look() });
  /** The session as last read; it stays with one person for as long as they are signed in here. */
  let known = store.read();
  let renewing: Promise<void> | null = null;

  const end = (reason: string) => {
    known = null;
    call(onSignedOut, reason);
  };

  /** Reads what is stored now. */
  const look = (): Stored | null => {
    if (known === null) return null;
    const stored = store.read();
    if (stored?.user.id === known.user.id) known = stored;
    else end(stored === null ? 'Signed out in another tab' : `${stored.user.username} has signed in, in another tab`);
    return known;
  };

  const keep = ({ user, accessToken, accessTokenExpiresAt, refreshToken }: Tokens): SessionUser => {
    // Counted from now, since the local clock may be wrong.
    const lifetimeMs = timesOf(accessToken)?.lifetimeMs ?? Date.parse(accessTokenExpiresAt) - Date.now();
    const endsAt = Date.now() + lifetimeMs;
    known = { user, accessToken, refreshToken, endsAt, renewAt: endsAt - marginOf(lifetimeMs) };
    store.write(known);
    return user;
  };

  const enter = (answer: Answer): SessionUser => {
    if ('session' in answer) return keep(answer.session);
    throw new SignInError(answer);
  };

  /** A refresh whose answer was lost is repeated once; one that the server delays, as often as it does. */
  const refresh = (refreshToken: string): Promise<Answer> => {
    let losses = 0;
    return untilAnswered(() => post(url, REFRESH, { refreshToken }), {
      waitsForRateLimit: true,
      // Another tab may have got an answer meanwhile, and used it: a repeated refresh would then look like a thief's.
      isWorthwhile: (what) => look()?.refreshToken === refreshToken && (isLater(what) || (losses += 1) === 1),
    });
  };

  const inTurn = (run: () => Promise<void>): Promise<unknown> => (locks ? locks.request(`${name} ${url}`, run) : run());

  const renew = (refused: string | undefined) =>
    inTurn(async () => {
      const mine = look();
      // Another tab may have refreshed while this one waited for its turn.
      if (mine === null || !isDue(mine, refused)) return;
      const answer = await refresh(mine.refreshToken);
      const stored = look();
      // Signed out meanwhile, or somebody else has signed in, or a tab without locks has refreshed too.
      const isReplaced = stored?.refreshToken !== mine.refreshToken;
      if ('session' in answer) {
        const { accessToken } = answer.session;
        if (!isReplaced || (stored && isNewerPair(accessToken, stored.accessToken))) keep(answer.session);
        if (!locks && storage !== undefined) await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
        return;
      }
      if (isReplaced) return;
      // A tab without locks may have been first.
      await new Promise((resolve) => setTimeout(resolve, OTHER_TAB_MS));
      if (look()?.refreshToken !== mine.refreshToken) return;
      store.write(null);
      end(answer.reason);
    });

  const accessToken = async (refused?: string): Promise<string> => {
    let mine = look();
    if (mine !== null && isDue(mine, refused)) {
      try {
        await (renewing ??= renew(refused)
          .then(() => {})
          .finally(() => (renewing = null)));
      } catch (error) {
        mine = look();
        // About to expire, but still valid.
        if (mine !== null && (mine.accessToken === refused || Date.now() >= mine.endsAt)) throw error;
      }
      mine = look();
    }
    if (mine === null) throw new SignedOutError('Nobody is signed in');
    return mine.accessToken;
  };

  return {
    get user() {
      return look()?.user ?? null;
    },
    signIn: async (username, password) => enter(await post(url, LOG_IN, { username, password })),
    register: async (registration) => enter(await post(url, REGISTER, registration)),
    accessToken,
    signOut: async () => {
      const mine = look();
      if (mine === null) return;
      store.write(null);
      end('Signed out');
      try {
        const fresh = Date.now() < mine.endsAt ? null : await post(url, REFRESH, { refreshToken: mine.refreshToken });
        const token = fresh && 'session' in fresh ? fresh.session.accessToken : mine.accessToken;
        await post(url, LOG_OUT, {}, token);
      } catch {
        // The server's session ends when its refresh token expires.
      }
    },
    dispose: () => store.dispose(),
  };
};

const isDue = ({ accessToken, renewAt }: Stored, refused: string | undefined) =>
  accessToken === refused || Date.now() >= renewAt;

/** The server asked to retry later. */
const isLater = (what: unknown) => retryAfterMs(what) !== null || rateLimitedMs(what) !== null;
