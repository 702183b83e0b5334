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
  readonly list: () => readonly Message[];
}

export const createMessages = <Message extends ListedMessage>(): Messages<Message> => {
  const byId = new Map<string, Message>();
  let sorted: Message[] | null = null;
  return {
    put: (messages) => {
      for (const message of messages) if (isNewer(message, byId.get(message.id))) byId.set(message.id, message);
      sorted = null;
    },
    reset: () => {
      byId.clear();
      sorted = null;
    },
    list: () => (sorted ??= [...byId.values()].sort((one, other) => one.seq - other.seq)),
  };
};

/** A query that was answered before an event may arrive after it. Deleted is for ever, and of two texts the later edit counts. */
const isNewer = (message: ListedMessage, known: ListedMessage | undefined): boolean => {
  if (known === undefined || message.isDeleted) return true;
  return !known.isDeleted && (message.editedAt ?? '') >= (known.editedAt ?? '');
};
