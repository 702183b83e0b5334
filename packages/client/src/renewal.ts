/** Shows an open socket the next access token before the present one ends: with that the server would close it. */
import { marginOf, timesOf } from './token.js';

export interface Renewal {
  /** From now on; `token` is what the socket was opened with. Does nothing for a token that does not say when it ends. */
  begin(token: string): void;
  stop(): void;
}

export interface RenewalOptions {
  /** Asks for a token; it may be the present one yet. */
  ask: () => Promise<string>;
  /** Resolves to false where the server will not have it. */
  show: (token: string) => Promise<boolean>;
}

/** Where there was no other token yet, or no answer. */
const AGAIN_MS = 5000;
// Browsers and Node wait no longer than that.
const MAX_WAIT_MS = 2 ** 31 - 1;

export const createRenewal = ({ ask, show }: RenewalOptions): Renewal => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted: object | undefined;

  const wait = (token: string, shortest: number) => {
    const times = timesOf(token);
    if (times === null) return;
    // The clock here may be wrong.
    const left = Math.min(times.expiresAt - Date.now(), times.lifetimeMs) - marginOf(times.lifetimeMs);
    timer = setTimeout(() => void renew(token), Math.min(Math.max(left, shortest), MAX_WAIT_MS));
  };

  const renew = async (token: string) => {
    const begun = isWanted;
    let next = token;
    try {
      const asked = await ask();
      if (begun !== isWanted) return;
      if (asked !== token && !(await show(asked))) return; // the socket ends with the present one
      next = asked;
    } catch {
      // Tried again below: while it is open there is time.
    }
    if (begun === isWanted) wait(next, AGAIN_MS);
  };

  const stop = () => {
    isWanted = undefined;
    clearTimeout(timer);
  };
  return {
    begin: (token) => {
      stop();
      isWanted = {};
      wait(token, 0);
    },
    stop,
  };
};
