import type { Database } from '../../src/db/database.js';

/** The same database, for a process that is killed before the statement of that number, counted over all transactions. */
export const dyingAt = (db: Database, statement: number): Database => {
  let statements = 0;
  return {
    ...db,
    transaction: (work) =>
      db.transaction((tx) =>
        work({
          query: (sql, params) => {
            statements += 1;
            if (statements === statement) process.kill(process.pid, 'SIGKILL');
            return tx.query(sql, params);
          },
        }),
      ),
  };
};
