/**
 * One chat as its reader sees it: confirmed messages in log order, then outgoing ones. Applying a message twice, or again
 * after a reconnection, is idempotent.
 */
import { createMessages } from '@parley-chat/client/messages';
import type { MessageFieldsFragment } from './operations.js';

export type Message = MessageFieldsFragment;

/** Sent here, but not yet confirmed to be in the log. */
export interface Outgoing {
  /** The same for each attempt, so that the server accepts the message once. */
  clientMessageId: string;
  text: string;
  /** Why the server refused it. It is not retried then. */
  refusal?: string;
}

export interface Conversation {
  /** Applies messages in their current state, from history or from events. */
  put(messages: readonly Message[]): void;
  /** Forgets confirmed messages: the log has to be read again. */
  reset(): void;
  addOutgoing(outgoing: Outgoing): void;
  refuse(clientMessageId: string, reason: string): void;
  /** In log order. */
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
        // The event may arrive before the mutation's answer, or instead of it.
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
