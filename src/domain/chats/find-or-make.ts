/** A chat that is unique for its key: found or created, by any number of concurrent calls on any nodes. */
import type { Queryable } from '../../db/database.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { KeyTakenError } from './new-chat.js';

const BY_KEY = `SELECT ${CHAT_COLUMNS} FROM chat_key JOIN chat ON chat.id = chat_key.chat_id WHERE chat_key.key = $1`;

/** One statement. */
export const findByKey = async (db: Queryable, key: string): Promise<ChatRow | undefined> =>
  (await db.query<ChatRow>(BY_KEY, [key]))[0];

interface Opened {
  chat: ChatRow;
  created: boolean;
}

/** One statement if the chat exists. Otherwise as `makeOrFind`. */
export const findOrMake = async (db: Queryable, key: string, make: () => Promise<ChatRow>): Promise<Opened> => {
  const existing = await findByKey(db, key);
  return existing === undefined ? makeOrFind(db, key, make) : { chat: existing, created: false };
};

/** @param make throws KeyTakenError, with everything rolled back, if another call was faster */
export const makeOrFind = async (db: Queryable, key: string, make: () => Promise<ChatRow>): Promise<Opened> => {
  try {
    return { chat: await make(), created: true };
  } catch (error) {
    if (!(error instanceof KeyTakenError)) throw error;
    return { chat: (await findByKey(db, key))!, created: false };
  }
};
