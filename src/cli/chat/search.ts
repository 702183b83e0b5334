/** Messages found by their words, as lines to show. */
import type { Connection } from './connection.js';
import { SearchMessagesDocument } from './operations.js';
import { harmless } from './text.js';

export interface Found {
  query: string;
  /** Oldest first. */
  lines: string[];
  /** What else there is to know. */
  note: string;
}

/** @param chatId null: in all of the viewer's chats */
export const search = async (connection: Connection, query: string, chatId: string | null): Promise<Found> => {
  const { searchMessages: found } = await connection.run(SearchMessagesDocument, { query, chatId });
  const messages = found?.nodes ?? [];
  const notes = [
    messages.length === 0 ? 'Nothing found' : `${messages.length} found`,
    ...(found?.pageInfo.hasNextPage ? ['there may be older ones'] : []),
    ...(found?.indexedFrom
      ? [`the server is still indexing what was sent before ${localTime(found.indexedFrom)}`]
      : []),
  ];
  return {
    query,
    lines: messages
      .map(({ seq, text, createdAt, sender, chat }) => {
        const where = chatId === null ? `${chat.title} ` : '';
        return harmless(`${where}#${seq} ${localTime(createdAt)} ${sender.username}: ${text ?? '(deleted)'}`);
      })
      .reverse(),
    note: `${notes.join('; ')}. Enter goes back`,
  };
};

const localTime = (time: string): string =>
  new Date(time).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
