/** This machine's limits for the process: open files and disk space. */
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { ok, type Finding } from './finding.js';
import { MORE_FILES } from './open-files.js';

const FEW_FILES = 4096;

/** Each socket, event stream and database connection is an open file. */
export const checkOpenFiles = (most: number | undefined = mostOpenFiles()): Finding => {
  if (most === undefined) return ok('Open files are not limited');
  if (most >= FEW_FILES) return ok(`${most} files may be open: about as many sockets`);
  return {
    outcome: 'warning',
    sentence: `Only ${most} files may be open, and so about as many sockets`,
    remedy: MORE_FILES,
  };
};

/** The soft limit, which Node raises to the hard limit when it starts. Undefined if it is unlimited or unknown. */
const mostOpenFiles = (): number | undefined => {
  // Otherwise the report looks up the host names of all connections.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft: number | 'unlimited' } } };
  const most = userLimits?.open_files?.soft;
  return typeof most === 'number' ? most : undefined;
};

const LITTLE_ROOM_BYTES = 1024 ** 3;

/** @param folder the data folder. If it does not exist yet, its nearest existing parent is checked */
export const checkRoom = async (folder: string, least = LITTLE_ROOM_BYTES): Promise<Finding> => {
  const { bavail, bsize } = await statfs(whereItWillBe(resolve(folder)));
  const free = bavail * bsize;
  const says = `${inGigabytes(free)} GB are free for ${folder}`;
  if (free >= least) return ok(says);
  return {
    outcome: 'warning',
    sentence: `Only ${says}`,
    remedy: 'Make room: on a full disk nothing can be written, and clients get UNAVAILABLE',
  };
};

const whereItWillBe = (folder: string): string =>
  existsSync(folder) || folder === dirname(folder) ? folder : whereItWillBe(dirname(folder));

const inGigabytes = (bytes: number) => (bytes / 1024 ** 3).toFixed(1);
