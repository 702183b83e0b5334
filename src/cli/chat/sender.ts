/** Sends what was typed, one message after another, until the server has accepted or refused it. */
import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.js';
import type { Conversation, Outgoing } from './conversation.js';
import { SendMessageDocument } from './operations.js';

export interface Sender {
  send(text: string): void;
}

const REJOIN_MS = 250;
const REJOIN_TRIES = 40;

export const createSender = (
  connection: Connection,
  chatId: string,
  conversation: Conversation,
  onChange: () => void,
): Sender => {
  let last: Promise<void> = Promise.resolve();

  /** Retrying is safe: the server accepts a `clientMessageId` once, and then answers with the message it accepted. */
  const deliver = async ({ clientMessageId, text }: Outgoing) => {
    for (let tries = 0; ; tries += 1) {
      const { sendMessage: result } = await connection.run(SendMessageDocument, {
        input: { chatId, text, clientMessageId },
      });
      if (result?.__typename === 'SendMessageSuccess') conversation.put([result.message]);
      else if (result?.__typename === 'RateLimitedError') {
        await new Promise((resolve) => setTimeout(resolve, result.retryAfterMs));
        continue;
      } else if (result?.__typename === 'NotJoinedError' && tries < REJOIN_TRIES) {
        // The socket is back, but the chat is not followed yet: in a match only members who are present may write.
        await new Promise((resolve) => setTimeout(resolve, REJOIN_MS));
        continue;
      } else conversation.refuse(clientMessageId, result?.reason ?? 'The server did not answer');
      return onChange();
    }
  };

  return {
    send: (text) => {
      const outgoing = { clientMessageId: randomUUID(), text };
      conversation.addOutgoing(outgoing);
      onChange();
      last = last
        .then(() => deliver(outgoing))
        .catch((error: unknown) => {
          conversation.refuse(outgoing.clientMessageId, messageOf(error));
          onChange();
        });
    },
  };
};

export const messageOf = (error: unknown): string => {
  const first: unknown = Array.isArray(error) ? error[0] : error;
  return first instanceof Error || (typeof first === 'object' && first !== null && 'message' in first)
    ? String(first.message)
    : String(first);
};
