/** How long a viewer may keep something open: until their token expires, unless renewed, or their session is over. */
import type { Sessions } from '../domain/sessions.js';
import type { Viewer } from '../domain/viewer.js';
import type { Refusal } from './credential.js';

export interface Lease {
  /** As the token last shown says. */
  readonly viewer: Viewer;
  /** Goes on until `viewer`'s token expires, if that is later. */
  renew(viewer: Viewer): void;
  release(): void;
}

/** @param onOver called at most once, and not after `release` */
export const createLease = (
  sessions: Pick<Sessions, 'watch'>,
  viewer: Viewer,
  onOver: (why: Refusal) => void,
): Lease => {
  let current = viewer;
  let isOver = false;
  let timer: NodeJS.Timeout;

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
    const left = current.expiresAt.getTime() - Date.now();
    timer = setTimeout(() => over('badToken'), Math.max(left, 0));
  };

  const stopWatching = sessions.watch(viewer, (what) => {
    if (what === 'ended') over('sessionOver');
  });
  wait();

  return {
    get viewer() {
      return current;
    },
    renew: (renewed) => {
      if (isOver || renewed.expiresAt <= current.expiresAt) return;
      current = renewed;
      clearTimeout(timer);
      wait();
    },
    release,
  };
};
