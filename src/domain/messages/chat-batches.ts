/**
 * Changes that many people make to one chat at once, made together: those that come while a batch is underway go into the next one.
 * A chat has one batch underway at a time.
 */
import { UnavailableError } from '../../db/database.js';
import { within } from '../../within.js';

export interface ChatBatches<Item, Result> {
  /** @throws the item's own error; UnavailableError: the outcome is unknown, within 5 s */
  add(chatId: bigint, item: Item): Promise<Result>;
  /** Resolves when every item has been answered. */
  drain(): Promise<void>;
}

interface Waiting<Item, Result> {
  item: Item;
  since: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

const MAX_BATCH = 200;
/** In all chats. */
const MAX_WAITING = 5000;
/** An item that has waited this long for its turn fails, and is never tried. */
const TURN_WITHIN_MS = 3000;
/** An item that has waited this long is answered as unknown, whatever becomes of it. */
const ANSWER_WITHIN_MS = 4500;
const RETRY_AFTER_MS = 1000;

/** @param run answers the items in their order; an Error is that item's alone */
export const createChatBatches = <Item, Result>(
  run: (chatId: bigint, items: readonly Item[]) => Promise<readonly (Result | Error)[]>,
): ChatBatches<Item, Result> => {
  const chats = new Map<bigint, Waiting<Item, Result>[]>();
  const running = new Set<Promise<void>>();
  let size = 0;

  const runBatch = async (chatId: bigint, batch: readonly Waiting<Item, Result>[]) => {
    try {
      const results = await run(
        chatId,
        batch.map(({ item }) => item),
      );
      for (const [index, { resolve, reject }] of batch.entries()) {
        const result = results[index]!;
        if (result instanceof Error) reject(result);
        else resolve(result);
      }
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  const runAll = async (chatId: bigint, waiting: Waiting<Item, Result>[]) => {
    // The items of one turn of the event loop share a batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH);
      size -= batch.length;
      const latest = performance.now() - TURN_WITHIN_MS;
      for (const { since, reject } of batch) if (since < latest) reject(new UnavailableError(RETRY_AFTER_MS));
      const inTime = batch.filter(({ since }) => since >= latest);
      if (inTime.length > 0) await runBatch(chatId, inTime);
    }
    chats.delete(chatId);
  };

  const addTo = (chatId: bigint, item: Item) =>
    new Promise<Result>((resolve, reject) => {
      const added = { item, since: performance.now(), resolve, reject };
      size += 1;
      const waiting = chats.get(chatId);
      if (waiting !== undefined) return void waiting.push(added);
      const first = [added];
      chats.set(chatId, first);
      const all = runAll(chatId, first).finally(() => running.delete(all));
      running.add(all);
    });

  return {
    add: async (chatId, item) => {
      if (size >= MAX_WAITING) throw new UnavailableError(RETRY_AFTER_MS);
      const answer = await within(
        ANSWER_WITHIN_MS,
        addTo(chatId, item).then((result) => ({ result })),
      );
      if (answer === undefined) throw new UnavailableError(RETRY_AFTER_MS);
      return answer.result;
    },
    drain: async () => {
      while (running.size > 0) await Promise.all(running);
    },
  };
};
