/** Who has joined a chat: follows it by `chatEvents` now. In a MATCH one writes only then. */
import { NotJoinedError } from '../errors.js';

export interface Presence {
  /** On this node: costs nothing. */
  isJoinedHere(userId: bigint, chatId: bigint): boolean;
  /** On any node; on this one alone where the others cannot be asked. */
  isJoined(userId: bigint, chatId: bigint): Promise<boolean>;
}

/**
 * Does something as one who has joined as far as this node knows; only where that is in the way are the others asked.
 *
 * @param work runs a second time where they have joined on another node; it must have changed nothing where it throws
 * @throws what `work` throws
 */
export const withPresence = async <Result>(
  presence: Presence,
  userId: bigint,
  chatId: bigint,
  work: (isJoined: boolean) => Promise<Result>,
): Promise<Result> => {
  if (presence.isJoinedHere(userId, chatId)) return work(true);
  try {
    return await work(false);
  } catch (error) {
    if (!(error instanceof NotJoinedError) || !(await presence.isJoined(userId, chatId))) throw error;
    return work(true);
  }
};
