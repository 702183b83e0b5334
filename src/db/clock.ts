/** Whether this machine and the database agree on what time it is. */
import type { Queryable } from './database.js';
import { ok, type Finding } from './finding.js';

const APART_MS = 2000;

/** Tokens are good until a time that nodes tell, sessions until one that the database tells. */
export const checkClock = async (db: Queryable, now: () => number = Date.now): Promise<Finding> => {
  const asked = now();
  const [row] = await db.query<{ at: number }>(`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at`);
  const answered = now();
  // As much as can be said for certain: it was read somewhere between the two.
  const ahead = row!.at > answered ? row!.at - answered : row!.at < asked ? row!.at - asked : 0;
  if (Math.abs(ahead) < APART_MS) return ok("The database's clock and this machine's agree");
  const seconds = Math.round(Math.abs(ahead) / 1000);
  return {
    outcome: 'warning',
    sentence: `The database's clock is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's: tokens and sessions end too early or too late`,
    remedy: 'Have both set by NTP (timedatectl set-ntp true)',
  };
};
