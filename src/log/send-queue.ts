/** Messages that wait to be sent, in a queue for each chat: taking a batch touches only what it takes, however much else waits. */
import { createMinHeap } from './min-heap.js';

export interface Queued {
  readonly chatId: bigint;
  readonly senderId: bigint;
  readonly clientMessageId: string | null;
  /** When it was added; never decreases from one item to the next. */
  readonly since: number;
}

export interface SendQueue<Item extends Queued> {
  /** How many items wait. */
  readonly size: number;
  add(item: Item): void;
  /** Removes the items that were added before `time`, also those of held chats. */
  expire(time: number): Item[];
  /**
   * Removes the oldest items that may go now: none of a held chat, none before an older one of its chat, and no key twice, since the
   * second must find the first. The batch then holds its chats.
   */
  take(most: number): Item[];
  /** Lets the chats of a batch go again. */
  release(batch: readonly Item[]): void;
}

interface Chat<Item> {
  first: Entry<Item> | undefined;
  last: Entry<Item> | undefined;
  /** A batch that was not released has items of this chat. */
  isHeld: boolean;
}

interface Entry<Item> {
  item: Item;
  chat: Chat<Item>;
  /** Its place among all items. */
  place: number;
  next: Entry<Item> | undefined;
}

export const createSendQueue = <Item extends Queued>(): SendQueue<Item> => {
  /** Chats with items, and held ones. */
  const chats = new Map<bigint, Chat<Item>>();
  /** Has the first entry of each chat that is not held. Entries that are not that, or not any longer, are skipped. */
  const turns = createMinHeap<Entry<Item>>((entry) => entry.place);
  /** Oldest first. */
  const waiting = new Set<Item>();
  let lastPlace = 0;

  const findOrAddChat = (chatId: bigint): Chat<Item> => {
    let chat = chats.get(chatId);
    if (chat === undefined) chats.set(chatId, (chat = { first: undefined, last: undefined, isHeld: false }));
    return chat;
  };

  const giveTurn = ({ first, isHeld }: Chat<Item>) => {
    if (first !== undefined && !isHeld) turns.push(first);
  };

  const nextTurn = (): Entry<Item> | undefined => {
    let entry = turns.pop();
    while (entry !== undefined && (entry.chat.isHeld || entry.chat.first !== entry)) entry = turns.pop();
    return entry;
  };

  const remove = ({ item, chat, next }: Entry<Item>) => {
    waiting.delete(item);
    chat.first = next;
    if (next === undefined) chat.last = undefined;
  };

  const forgetIfIdle = ({ first, isHeld }: Chat<Item>, chatId: bigint) => {
    if (first === undefined && !isHeld) chats.delete(chatId);
  };

  return {
    get size() {
      return waiting.size;
    },

    add: (item) => {
      const chat = findOrAddChat(item.chatId);
      const entry: Entry<Item> = { item, chat, place: (lastPlace += 1), next: undefined };
      waiting.add(item);
      if (chat.last !== undefined) chat.last.next = entry;
      chat.last = entry;
      if (chat.first !== undefined) return;
      chat.first = entry;
      giveTurn(chat);
    },

    expire: (time) => {
      const expired: Item[] = [];
      for (const item of waiting) {
        if (item.since >= time) break;
        const chat = chats.get(item.chatId)!;
        // The oldest of all is also the oldest of its chat.
        remove(chat.first!);
        giveTurn(chat);
        forgetIfIdle(chat, item.chatId);
        expired.push(item);
      }
      return expired;
    },

    take: (most) => {
      const batch: Item[] = [];
      const keys = new Set<string>();
      while (batch.length < most) {
        const entry = nextTurn();
        if (entry === undefined) break;
        const { item, chat, next } = entry;
        remove(entry);
        batch.push(item);
        if (item.clientMessageId !== null) keys.add(keyOf(item));
        // A repeated key waits for a later batch, and so does everything after it in its chat.
        if (next === undefined || next.item.clientMessageId === null || !keys.has(keyOf(next.item))) giveTurn(chat);
      }
      for (const { chatId } of batch) chats.get(chatId)!.isHeld = true;
      return batch;
    },

    release: (batch) => {
      for (const chatId of new Set(batch.map((item) => item.chatId))) {
        const chat = chats.get(chatId)!;
        chat.isHeld = false;
        giveTurn(chat);
        forgetIfIdle(chat, chatId);
      }
    },
  };
};

const keyOf = ({ chatId, senderId, clientMessageId }: Queued): string => `${chatId}:${senderId}:${clientMessageId}`;
