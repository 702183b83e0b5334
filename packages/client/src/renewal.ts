/** Shows an open socket the next access token before the current one expires, which would make the server close the socket. */
import { marginOf, timesOf } from './token.js';

export interface Renewal {
  /** Starts renewing; `token` is the one that the socket was opened with. Does nothing for a token without an expiry. */
  begin(token: string): void;
  stop(): void;
}

export interface RenewalOptions {
  /** Gets a token; it may still be the current one. */
  ask: () => Promise<string>;
  /** Resolves to false if the server refuses it. */
  show: (token: string) => Promise<boolean>;
}

/** The wait after there was no new token yet, or no answer. */
const AGAIN_MS = 5000;
// The longest timer in browsers and Node.
const MAX_WAIT_MS = 2 ** 31 - 1;

export const createRenewal = ({ ask, show }: RenewalOptions): Renewal => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted: object | undefined;

  const wait = (token: string, shortest: number) => {
    const times = timesOf(token);
    if (times === null) return;
    // The local clock may be wrong.
    const left = Math.min(times.expiresAt - Date.now(), times.lifetimeMs) - marginOf(times.lifetimeMs);
    timer = setTimeout(() => void renew(token), Math.min(Math.max(left, shortest), MAX_WAIT_MS));
  };

  const renew = async (token: string) => {
    const begun = isWanted;
    let next = token;
    try {
      const asked = await ask();
      if (begun !== isWanted) return;
      if (asked !== token && !(await show(asked))) return; // the socket ends with the current one
      next = asked;
    } catch {
      // Retried below: as long as the socket is open, there is time.
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
