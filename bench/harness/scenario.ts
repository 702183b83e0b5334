/** What main.ts gives to each scenario. */
import type pg from 'pg';
import type { Outcome } from './result.js';

export interface Bench {
  /** The superuser's, of a PostgreSQL that is only for this run. */
  serverUrl: string;
  /** µs of CPU of all of PostgreSQL's processes so far. */
  databaseCpu: () => number;
  /** On that server's database `postgres`. */
  admin: pg.Pool;
  rounds: number;
  /** Small numbers: for whether answers are right. */
  isQuick: boolean;
  /** Only contenders whose names contain one of these; all of them if empty. */
  only: readonly string[];
}

export type Scenario = (bench: Bench) => Promise<Outcome>;
