/** A party's clock of the day, which can be moved while it runs. What measures time that passes goes on as it is. */
import { existsSync, writeFileSync } from 'node:fs';

export interface Clock {
  /** What its processes are started with. */
  readonly environment: Record<string, string>;
  /** So far from the right time. */
  set(seconds: number): void;
}

/** Debian's libfaketime. */
const LIBRARY = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));

export const createClock = (file: string): Clock => {
  if (LIBRARY === undefined) throw new Error('libfaketime is not installed');
  const set = (seconds: number) => writeFileSync(file, `${seconds < 0 ? '' : '+'}${seconds}`, { mode: 0o644 });
  set(0);
  return {
    environment: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
  };
};
