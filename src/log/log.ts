/** The chat log as the rules see it: change a chat under its lock, send, read, follow. */
import type { Bus } from '../bus/bus.js';
import type { Database, Queryable } from '../db/database.js';
import { createChanges, startLog, type Changes } from './append.js';
import { createSender, type Sender, type SendRights } from './send.js';

export interface Log extends Changes, Sender {
  /** Writes row 0 of a new chat’s log, inside the transaction that creates the chat; `mark` is the value of its `head_mark`. */
  startLog(tx: Queryable, chatId: bigint, actorId: bigint, mark: number): Promise<void>;
}

export const createLog = (db: Database, bus: Bus, rights: SendRights): Log => ({
  ...createChanges(db, bus),
  startLog,
  ...createSender(db, bus, rights),
});
