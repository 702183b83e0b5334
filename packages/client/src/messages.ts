/** The messages of one chat: by id, in the log's order. Duplicate and late deliveries change nothing. */

export interface ListedMessage {
  id: string;
  seq: number;
  isDeleted: boolean;
  editedAt?: string | null;
}

export interface Messages<Message extends ListedMessage> {
  /** Adds messages from queries, mutation answers or events. Idempotent. */
  put(messages: readonly Message[]): void;
  /** Removes all messages: after ResyncRequired query them again. */
  reset(): void;
  /** Returns the same array until something changes. */
  readonly list: () => readonly Message[];
}

export const createMessages = <Message extends ListedMessage>(): Messages<Message> => {
  const byId = new Map<string, Message>();
  /** By `seq`. */
  let sorted: Message[] = [];
  /** The array last returned. */
  let listed: readonly Message[] | null = null;

  const putOne = (message: Message) => {
    const known = byId.get(message.id);
    if (!isNewer(message, known) || isSame(message, known)) return;
    byId.set(message.id, message);
    sorted.splice(placeOf(message.seq, sorted), known === undefined ? 0 : 1, message);
    listed = null;
  };

  return {
    put: (messages) => {
      for (const message of messages) putOne(message);
    },
    reset: () => {
      byId.clear();
      sorted = [];
      listed = null;
    },
    list: () => (listed ??= [...sorted]),
  };
};

/** The index where `seq` is, or would be. New messages go to the end. */
const placeOf = (seq: number, sorted: readonly ListedMessage[]): number => {
  let [from, to] = [0, sorted.length];
  if (to > 0 && sorted[to - 1]!.seq < seq) return to;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (sorted[middle]!.seq < seq) from = middle + 1;
    else to = middle;
  }
  return from;
};

/** A query answered before an event may arrive after it. A deletion is final, and the later edit wins. */
const isNewer = (message: ListedMessage, known: ListedMessage | undefined): boolean => {
  if (known === undefined || message.isDeleted) return true;
  return !known.isDeleted && (message.editedAt ?? '') >= (known.editedAt ?? '');
};

/** Compares values as JSON. */
const isSame = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return (
    keys.length === others.length &&
    keys.every((key) => isSame(one[key as keyof typeof one], other[key as keyof typeof other]))
  );
};
