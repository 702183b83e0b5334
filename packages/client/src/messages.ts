/** The messages of one chat: by id, in the log's order. Whatever is told twice, or late, changes nothing. */

export interface ListedMessage {
  id: string;
  seq: number;
  isDeleted: boolean;
  editedAt?: string | null;
}

export interface Messages<Message extends ListedMessage> {
  /** Takes messages as queries, answers and events have them. */
  put(messages: readonly Message[]): void;
  /** Forgets them: after ResyncRequired they are queried again. */
  reset(): void;
  /** The same array until something has changed. */
  readonly list: () => readonly Message[];
}

export const createMessages = <Message extends ListedMessage>(): Messages<Message> => {
  const byId = new Map<string, Message>();
  /** By `seq`. */
  let sorted: Message[] = [];
  /** As it was handed out. */
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

/** Where `seq` stands, or would. New ones stand at the end. */
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

/** A query that was answered before an event may arrive after it. Deleted is for ever, and of two texts the later edit counts. */
const isNewer = (message: ListedMessage, known: ListedMessage | undefined): boolean => {
  if (known === undefined || message.isDeleted) return true;
  return !known.isDeleted && (message.editedAt ?? '') >= (known.editedAt ?? '');
};

/** As JSON has them. */
const isSame = (one: unknown, other: unknown): boolean => {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return (
    keys.length === others.length &&
    keys.every((key) => isSame(one[key as keyof typeof one], other[key as keyof typeof other]))
  );
};
