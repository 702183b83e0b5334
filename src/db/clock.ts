/** Whether this machine's clock and the database's agree. */
import type { Queryable } from './database.js';
import { ok, type Finding } from './finding.js';

const APART_MS = 2000;

/** Tokens expire by the nodes' clocks, sessions by the database's. */
export const checkClock = async (db: Queryable, now: () => number = Date.now): Promise<Finding> => {
  const asked = now();
  const [row] = await db.query<{ at: number }>(`SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at`);
  const answered = now();
  // The difference that is certain: the clock was read at some time between the two.
  const ahead = row!.at > answered ? row!.at - answered : row!.at < asked ? row!.at - asked : 0;
  if (Math.abs(ahead) < APART_MS) return ok("The database's clock and this machine's agree");
  const seconds = Math.round(Math.abs(ahead) / 1000);
  return {
    outcome: 'warning',
    sentence: `The database's clock is ${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} this machine's: tokens and sessions end too early or too late`,
    remedy: 'Have both set by NTP (timedatectl set-ntp true)',
  };
};
