/** The log that a chat would have if its messages had been sent, edited and deleted here: numbered in order of time. */
import type { Columns } from './message-table.js';

export interface LogPlan {
  /** Rows of the table, in the order of their `seq`. */
  rows: Uint32Array;
  /** For each message, in the order of `rows`. */
  seqs: Int32Array;
  /** The seq of the event that last changed it. */
  changedSeqs: Int32Array;
  /** The number of events, in order: the first has the seq after `head`. */
  count: number;
  types: Uint8Array;
  /** The message of each event, as an index into `rows`. */
  subjects: Uint32Array;
  times: Float64Array;
}

export const SENT = 0;
export const EDITED = 1;
export const DELETED = 2;

/** An edit or a deletion, in addition to the sending. */
interface Change {
  type: typeof EDITED | typeof DELETED;
  subject: number;
  time: number;
}

/**
 * @param rows of one chat, in any order
 * @param head the seq before the first event
 * @param since no event is earlier, in ms: times rise in a log
 */
export const planLog = (columns: Columns, rows: Uint32Array, head: number, since: number): LogPlan => {
  const { createdAt, editedAt, deletedAt } = columns;
  // Messages with the same time stay in the order of the file.
  const sorted = rows.slice().sort((one, other) => createdAt[one]! - createdAt[other]! || one - other);
  const changes: Change[] = [];
  for (const [subject, row] of sorted.entries()) {
    if (!Number.isNaN(editedAt[row])) changes.push({ type: EDITED, subject, time: editedAt[row]! });
    if (!Number.isNaN(deletedAt[row])) changes.push({ type: DELETED, subject, time: deletedAt[row]! });
  }
  changes.sort((one, other) => one.time - other.time || one.type - other.type);

  const count = sorted.length + changes.length;
  const plan: LogPlan = {
    rows: sorted,
    seqs: new Int32Array(sorted.length),
    changedSeqs: new Int32Array(sorted.length),
    count,
    types: new Uint8Array(count),
    subjects: new Uint32Array(count),
    times: new Float64Array(count),
  };
  let [sent, changed] = [0, 0];
  for (let index = 0; index < count; index += 1) {
    const change = changes[changed];
    const isSending = change === undefined || (sent < sorted.length && createdAt[sorted[sent]!]! <= change.time);
    const subject = isSending ? sent++ : change.subject;
    if (!isSending) changed += 1;
    if (isSending) plan.seqs[subject] = head + 1 + index;
    plan.changedSeqs[subject] = head + 1 + index;
    plan.types[index] = isSending ? SENT : change.type;
    plan.subjects[index] = subject;
    plan.times[index] = Math.max(since, isSending ? createdAt[sorted[subject]!]! : change.time);
  }
  return plan;
};
