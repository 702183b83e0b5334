/**
 * One chat as its reader sees it: confirmed messages by their place in the log, then those still on their way. Whatever is
 * told twice, or again after a reconnection, changes nothing.
 */
import { createMessages } from '@parley-chat/client/messages';
import type { MessageFieldsFragment } from './operations.js';

export type Message = MessageFieldsFragment;

/** Sent here, and not yet known to be in the log. */
export interface Outgoing {
  /** The same for each try, so that the server takes it once. */
  clientMessageId: string;
  text: string;
  /** Why the server would not take it; it is not tried again then. */
  refusal?: string;
}

export interface Conversation {
  /** Takes messages as they are now, from history or from events. */
  put(messages: readonly Message[]): void;
  /** Forgets what is confirmed: the log has to be read again. */
  reset(): void;
  addOutgoing(outgoing: Outgoing): void;
  refuse(clientMessageId: string, reason: string): void;
  /** In the log's order. */
  readonly messages: () => readonly Message[];
  readonly outgoing: () => readonly Outgoing[];
  readonly headSeq: () => number;
}

export const createConversation = (viewerId: string): Conversation => {
  const confirmed = createMessages<Message>();
  let outgoing: Outgoing[] = [];

  return {
    put: (added) => {
      confirmed.put(added);
      for (const message of added) {
        // Its event may come before the answer to its sending, or instead of it.
        if (message.sender.id === viewerId) {
          outgoing = outgoing.filter((one) => one.clientMessageId !== message.clientMessageId);
        }
      }
    },
    reset: confirmed.reset,
    addOutgoing: (added) => {
      outgoing = [...outgoing, added];
    },
    refuse: (clientMessageId, reason) => {
      outgoing = outgoing.map((one) => (one.clientMessageId === clientMessageId ? { ...one, refusal: reason } : one));
    },
    messages: confirmed.list,
    outgoing: () => outgoing,
    headSeq: () => confirmed.list().at(-1)?.seq ?? 0,
  };
};
