/**
 * A person's session, kept signed in: over reloads, in all tabs, with an access token that is good whenever one is asked for.
 *
 * What is stored is the truth: another tab may have replaced the tokens, or signed out. A refresh token is good until somebody uses what
 * it gave, so a lost answer is asked for again; only one tab refreshes at a time, and the others take over what it stored.
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
   * `() => localStorage`: over reloads, in all tabs. Without one, and where the function throws (the browser blocks it, or there is
   * none, on a server), it is kept in memory.
   */
  storage?: SessionStorage | (() => SessionStorage) | undefined;
  /** What it is stored under. */
  name?: string;
  /**
   * Lets one tab at a time refresh. Default: the browser's Web Locks, where there is a storage that tabs share. Null, or a browser that has
   * none: each tab waits a moment for the others after it has refreshed.
   */
  locks?: Locks | null | undefined;
  /** Signed out: here, in another tab, or by the server. Once for each time that somebody was signed in. */
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
  /** Null: nobody is signed in. Stored with the tokens: after a reload it is there at once. */
  readonly user: SessionUser | null;
  /** @throws SignInError where the server says no; what `fetch` throws where it cannot be reached */
  signIn(username: string, password: string): Promise<SessionUser>;
  /** Makes an account, and signs in. @throws as `signIn` */
  register(registration: Registration): Promise<SessionUser>;
  /**
   * An access token that is good for a while yet: a minute, or a third of its time where that is less. For `createConnection`, and
   * as `Bearer …` in the header of a request.
   *
   * @param refused one that the server has refused although it looked good: it is replaced
   * @throws SignedOutError; what `fetch` throws where the server cannot be reached, which is no reason to sign in again
   */
  accessToken(this: void, refused?: string): Promise<string>;
  /** At once here and in other tabs, and on the server if that can be reached. */
  signOut(this: void): Promise<void>;
  /** Hears no other tab any longer. Nobody is signed out by it. */
  dispose(): void;
}

/** The server said no. */
export class SignInError extends Error {
  override readonly name = 'SignInError';
  /** The type of its answer, such as InvalidCredentialsError. */
  readonly code: string;
  /** Of InvalidInputError: what is wrong where in the input. */
  readonly fields: readonly { path: readonly string[]; reason: string }[];
  /** Of RateLimitedError. */
  readonly retryAfterMs: number | null;
  constructor({ __typename, reason, fields, retryAfterMs: wait }: Refusal) {
    super(reason);
    this.code = __typename;
    this.fields = fields ?? [];
    this.retryAfterMs = wait ?? null;
  }
}

/** In which a tab stores what it was given, where no lock tells that it is about to. */
const OTHER_TAB_MS = 1000;
/** In which a refresh that another tab has sent arrives: it makes ours void, as long as nobody has used that. */
const SETTLED_MS = 300;

export const createSession = ({
  url,
  storage,
  name = 'parley',
  locks = storage && (globalThis as { navigator?: { locks?: Locks } }).navigator?.locks,
  onSignedOut,
}: SessionOptions): Session => {
  const store = createSessionStore({ storage, name, onChange: () => void look() });
  /** As it was when last looked at: the same person's, as long as they are signed in here. */
  let known = store.read();
  let renewing: Promise<void> | null = null;

  const end = (reason: string) => {
    known = null;
    call(onSignedOut, reason);
  };

  /** At what is stored by now. */
  const look = (): Stored | null => {
    if (known === null) return null;
    const stored = store.read();
    if (stored?.user.id === known.user.id) known = stored;
    else end(stored === null ? 'Signed out in another tab' : `${stored.user.username} has signed in, in another tab`);
    return known;
  };

  const keep = ({ user, accessToken, accessTokenExpiresAt, refreshToken }: Tokens): SessionUser => {
    // Counted from now, for the clock here may be wrong.
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

  /** A refresh whose answer was lost is repeated once; one that the server asks to come later, as often as it does. */
  const refresh = (refreshToken: string): Promise<Answer> => {
    let losses = 0;
    return untilAnswered(() => post(url, REFRESH, { refreshToken }), {
      waitsForRateLimit: true,
      // Another tab may have had an answer meanwhile, and used it: then this one would look like a thief.
      isWorthwhile: (what) => look()?.refreshToken === refreshToken && (isLater(what) || (losses += 1) === 1),
    });
  };

  const inTurn = (run: () => Promise<void>): Promise<unknown> => (locks ? locks.request(`${name} ${url}`, run) : run());

  const renew = (refused: string | undefined) =>
    inTurn(async () => {
      const mine = look();
      // While this tab waited for its turn another one has replaced it.
      if (mine === null || !isDue(mine, refused)) return;
      const answer = await refresh(mine.refreshToken);
      const stored = look();
      // Signed out meanwhile, somebody else has signed in, or a tab that knows no locks has refreshed too.
      const isReplaced = stored?.refreshToken !== mine.refreshToken;
      if ('session' in answer) {
        const { accessToken } = answer.session;
        if (!isReplaced || (stored && isNewerPair(accessToken, stored.accessToken))) keep(answer.session);
        if (!locks && storage !== undefined) await new Promise((resolve) => setTimeout(resolve, SETTLED_MS));
        return;
      }
      if (isReplaced) return;
      // A tab that knows no locks may have been first.
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
        // Not long any more, but yet.
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
        // It ends there with its refresh token's time.
      }
    },
    dispose: () => store.dispose(),
  };
};

const isDue = ({ accessToken, renewAt }: Stored, refused: string | undefined) =>
  accessToken === refused || Date.now() >= renewAt;

/** The server's own word to come again later. */
const isLater = (what: unknown) => retryAfterMs(what) !== null || rateLimitedMs(what) !== null;
