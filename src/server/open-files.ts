/**
 * Detects that the process has run out of open files. Node accepts such connections and drops them silently, so the watcher
 * tries to open a file from time to time.
 */
import { open } from 'node:fs/promises';
import { devNull } from 'node:os';
import type { Logger } from '../log-line.js';
import { isOutOfFiles, MORE_FILES } from '../open-files.js';

const LOOK_MS = 2000;
const TOLD_EVERY_MS = 60_000;

/** @returns stops the watcher */
export const watchOpenFiles = (logger: Logger): (() => void) => {
  let toldAt = -Infinity;
  const look = async () => {
    try {
      await (await open(devNull)).close();
    } catch (error) {
      if (!isOutOfFiles(error) || performance.now() < toldAt + TOLD_EVERY_MS) return;
      toldAt = performance.now();
      logger.warn({ error }, `Too many open files, so connections are refused. ${MORE_FILES}`);
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  return () => clearInterval(timer);
};
