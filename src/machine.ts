/** What this machine gives the process: open files and room on the disk. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ok, type Finding } from './finding.js';
import { MORE_FILES } from './open-files.js';

const FEW_FILES = 4096;

/** Each socket, stream and connection to a database is an open file. */
export const checkOpenFiles = (most: number | undefined = mostOpenFiles()): Finding => {
  if (most === undefined) return ok('Open files are not limited');
  if (most >= FEW_FILES) return ok(`${most} files may be open: about as many sockets`);
  return {
    outcome: 'warning',
    sentence: `Only ${most} files may be open, and so about as many sockets`,
    remedy: MORE_FILES,
  };
};

/** What Node could raise it to, which it does when it starts; undefined where there is no end, or no way to ask. */
const mostOpenFiles = (): number | undefined => {
  // Or it would look up the names of whoever is connected.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } };
  const most = userLimits?.open_files?.soft;
  return typeof most === 'number' ? most : undefined;
};

const LITTLE_ROOM_BYTES = 1024 ** 3;

/** @param folder the data folder; where it is not there yet, the room of where it will be */
export const checkRoom = async (folder: string, least = LITTLE_ROOM_BYTES): Promise<Finding> => {
  const { bavail, bsize } = await statfs(whereItWillBe(resolve(folder)));
  const free = bavail * bsize;
  const says = `${inGigabytes(free)} GB are free for ${folder}`;
  if (free >= least) return ok(says);
  return {
    outcome: 'warning',
    sentence: `Only ${says}`,
    remedy: 'Make room: while there is none nothing can be written, and clients are told UNAVAILABLE',
  };
};

const whereItWillBe = (folder: string): string =>
  existsSync(folder) || folder === dirname(folder) ? folder : whereItWillBe(dirname(folder));

const inGigabytes = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
