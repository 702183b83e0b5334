/** Sends what was typed, one message after another, until the server has accepted or refused it. */
import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.js';
import type { Conversation, Outgoing } from './conversation.js';
import { MembersDocument, SendMessageDocument, type SendMessageInput } from './operations.js';

/** What a message has besides its text. */
export type Additions = Pick<SendMessageInput, 'replyToId' | 'attachmentIds'>;

export interface Sender {
  send(text: string, additions?: Additions): void;
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

  /** The members whose `@name` is in the text. The server takes ids: a name may be that of nobody here. */
  const mentionedIn = async (text: string): Promise<string[]> => {
    const names = new Set(
      Array.from(text.matchAll(/@([\p{L}\p{N}._-]*[\p{L}\p{N}_-])/gu), ([, name]) => name!.toLowerCase()),
    );
    if (names.size === 0) return [];
    const { chat } = await connection.run(MembersDocument, { id: chatId });
    const members = chat?.members.nodes ?? [];
    return members.filter(({ user }) => names.has(user.username.toLowerCase())).map(({ user }) => user.id);
  };

  /** Retrying is safe: the server accepts a `clientMessageId` once, and then answers with the message it accepted. */
  const deliver = async ({ clientMessageId, text }: Outgoing, additions: Additions) => {
    const mentionIds = await mentionedIn(text);
    for (let tries = 0; ; tries += 1) {
      const { sendMessage: result } = await connection.run(SendMessageDocument, {
        input: { chatId, text, clientMessageId, mentionIds, ...additions },
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
    send: (text, additions = {}) => {
      const outgoing = { clientMessageId: randomUUID(), text };
      conversation.addOutgoing(outgoing);
      onChange();
      last = last
        .then(() => deliver(outgoing, additions))
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

/** @returns why the server refused, or null */
export const refusalOf = (result: { __typename: string; reason?: string } | null | undefined): string | null =>
  result ? (result.reason ?? null) : 'The server did not answer';
