/**
 * Tells a chat how far its members have read: at most once a second for each reader, and always the last position. When all read a
 * message at once, their positions go out together, and each follower gets them in one write.
 */
import type { Bus } from '../../bus/bus.js';
import { chatTopic } from '../../log/doorbell.js';
import type { UserFacts } from '../../log/event.js';

export interface ReadPosition {
  chatId: bigint;
  user: UserFacts;
  lastReadSeq: number;
  /** In a large chat: sent to the reader's own devices alone. */
  isOwnOnly: boolean;
}

export interface ReadBroadcast {
  tell(position: ReadPosition): void;
  /** Sends at once what is held back. */
  close(): void;
}

export interface ReadBroadcastOptions {
  bus: Bus;
  intervalMs?: number;
  /** How long positions of one chat are gathered. */
  gatherMs?: number;
  /** Readers held back at once; above this number, the one who has waited longest is sent early. */
  readersMost?: number;
}

interface Reader {
  told: number;
  waiting: ReadPosition | null;
  timer: NodeJS.Timeout;
}

export const createReadBroadcast = ({
  bus,
  intervalMs = 1000,
  gatherMs = 100,
  readersMost = 10_000,
}: ReadBroadcastOptions): ReadBroadcast => {
  const readers = new Map<string, Reader>();

  /** Due to be sent, by chat. */
  const gathered = new Map<bigint, ReadPosition[]>();
  let timer: NodeJS.Timeout | undefined;

  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const [chatId, positions] of gathered) {
      bus.publish(chatTopic(chatId), {
        ephemerals: positions.map((position) => ({ kind: 'read' as const, ...position })),
      });
    }
    gathered.clear();
  };

  const publish = (position: ReadPosition) => {
    const positions = gathered.get(position.chatId) ?? [];
    positions.push(position);
    gathered.set(position.chatId, positions);
    timer ??= setTimeout(send, gatherMs);
  };

  const release = (key: string, reader: Reader) => {
    clearTimeout(reader.timer);
    readers.delete(key);
    if (reader.waiting !== null) publish(reader.waiting);
  };

  const hold = (key: string, position: ReadPosition) => {
    publish(position);
    const timer = setTimeout(() => {
      const { waiting } = readers.get(key)!;
      readers.delete(key);
      if (waiting !== null) hold(key, waiting);
    }, intervalMs);
    readers.set(key, { told: position.lastReadSeq, waiting: null, timer });
    const [oldest] = readers;
    if (readers.size > readersMost && oldest !== undefined) release(...oldest);
  };

  return {
    tell: (position) => {
      const key = `${position.chatId}:${position.user.id}`;
      const reader = readers.get(key);
      if (reader === undefined) hold(key, position);
      // Two marks may be answered in another order than they were made in.
      else if (position.lastReadSeq > (reader.waiting?.lastReadSeq ?? reader.told)) reader.waiting = position;
    },
    close: () => {
      for (const [key, reader] of readers) release(key, reader);
      send();
    },
  };
};
