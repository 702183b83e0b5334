/** How long a viewer may keep a socket or stream open: until their token expires (unless renewed) or is revoked. */
import type { Authentication, Refusal } from '../domain/accounts/authentication.js';
import type { Viewer } from '../domain/viewer.js';

export interface Lease {
  /** The viewer of the latest token, with their current role. */
  readonly viewer: Viewer;
  /** Extends the lease until `viewer`'s token expires, if that is later. */
  renew(viewer: Viewer): void;
  release(): void;
}

// Node's maximum: a longer timeout would fire at once.
const MAX_WAIT_MS = 2 ** 31 - 1;

/** @param onOver called at most once, and not after `release` */
export const createLease = (
  authentication: Pick<Authentication, 'watch'>,
  viewer: Viewer,
  onOver: (why: Refusal) => void,
): Lease => {
  let current = viewer;
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;

  const release = () => {
    isOver = true;
    clearTimeout(timer);
    stopWatching();
  };
  const over = (why: Refusal) => {
    if (isOver) return;
    release();
    onOver(why);
  };
  const wait = () => {
    if (current.expiresAt === null) return;
    const left = Math.max(current.expiresAt.getTime() - Date.now(), 0);
    timer = setTimeout(() => (left > MAX_WAIT_MS ? wait() : over('badToken')), Math.min(left, MAX_WAIT_MS));
  };

  const stopWatching = authentication.watch(viewer, (what, role) => {
    if (what === 'ended') over('sessionOver');
    else current = { ...current, role };
  });
  wait();

  return {
    get viewer() {
      return current;
    },
    renew: (renewed) => {
      if (isOver || !isLater(renewed.expiresAt, current.expiresAt)) return;
      current = { ...renewed, role: current.role };
      clearTimeout(timer);
      wait();
    },
    release,
  };
};

const isLater = (one: Date | null, other: Date | null) => other !== null && (one === null || one > other);
