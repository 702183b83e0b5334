/** Who is present in a chat: follows it by `chatEvents` now. In a MATCH a user may write only while present. */
import { NotJoinedError } from '../errors.js';

export interface Presence {
  /** On this node: costs nothing. */
  isPresentHere(userId: bigint, chatId: bigint): boolean;
  /** On any node; on this node alone if the others cannot be asked. */
  isPresent(userId: bigint, chatId: bigint): Promise<boolean>;
}

/**
 * Does something for a user, who may have to be present. The other nodes are asked only if the chat's kind needs presence.
 *
 * @param work runs again when its chat first turns out to need presence; must have changed nothing if it throws
 * @throws what `work` throws
 */
export type AsPresent = <Result>(
  userId: bigint,
  chatId: bigint,
  work: (isPresent: boolean) => Promise<Result>,
) => Promise<Result>;

const MAX_REMEMBERED = 10_000;

export const createAsPresent = (presence: Presence): AsPresent => {
  /** Chats that turned out to need presence, newest last. A chat's kind never changes. */
  const needing = new Set<bigint>();
  const remember = (chatId: bigint) => {
    needing.add(chatId);
    if (needing.size > MAX_REMEMBERED) needing.delete(needing.values().next().value!);
  };

  return async (userId, chatId, work) => {
    if (presence.isPresentHere(userId, chatId)) return work(true);
    if (needing.has(chatId)) return work(await presence.isPresent(userId, chatId));
    try {
      return await work(false);
    } catch (error) {
      if (!(error instanceof NotJoinedError)) throw error;
      remember(chatId);
      if (!(await presence.isPresent(userId, chatId))) throw error;
      return work(true);
    }
  };
};
