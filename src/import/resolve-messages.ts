/** Which messages exist here already, and whether everything that lines refer to exists. */
import type { Queryable } from '../db/database.js';
import type { Chat, Collection, Problem } from './collection.js';
import { findImported } from './imported.js';
import { partiesOf } from './resolve-chats.js';

export interface ResolvedMessages {
  /** For each row of the table: 1 if it was imported before. */
  isDone: Uint8Array;
  /** For messages that were imported before and that a read position refers to: their seqs, by their ids in the source. */
  oldSeqs: Map<string, number>;
}

/** After people, brands and chats. */
export const resolveMessages = async (
  db: Queryable,
  collection: Collection,
): Promise<ResolvedMessages & { problems: Problem[] }> => {
  const { messages, chats } = collection;
  const isDone = new Uint8Array(messages.count);
  await findImported(
    db,
    'message',
    messages.byId.keys(),
    ({ source }) => void (isDone[messages.byId.get(source)!] = 1),
  );

  const problems: Problem[] = [];
  const oldSeqs = new Map<string, number>();
  const positions = new Map<string, { chat: Chat; line: number }[]>();
  for (const [index, chat] of chats.entries()) {
    for (const { as, line } of chat.members) {
      const source = as.lastReadMessage;
      if (source === null || source === undefined) continue;
      const row = messages.byId.get(source);
      if (row === undefined || isDone[row] === 1) {
        positions.set(source, [...(positions.get(source) ?? []), { chat, line }]);
      } else if (messages.columns.chat[row] !== index) {
        problems.push({ line, reason: `lastReadMessage: message ${source} is in another chat` });
      }
    }
  }
  await findImported(db, 'message', positions.keys(), ({ source, id, chatId }) => {
    oldSeqs.set(source, Number(id));
    for (const { chat, line } of positions.get(source)!) {
      if (chat.id !== chatId) problems.push({ line, reason: `lastReadMessage: message ${source} is in another chat` });
    }
  });
  for (const [source, named] of positions) {
    if (oldSeqs.has(source) || messages.badIds.has(source)) continue;
    for (const { line } of named) problems.push({ line, reason: `lastReadMessage: there is no message ${source}` });
  }
  return { isDone, oldSeqs, problems };
};

/** References to things that are neither in the file nor here. */
export const findUnknown = (collection: Collection): Problem[] => {
  const { people, brands, chats, messages } = collection;
  const problems: Problem[] = [];
  const isKnown = (thing: { described: unknown; id: bigint | null; isBad: boolean }) =>
    thing.described !== null || thing.id !== null || thing.isBad;
  const mustKnowPerson = (place: number | null, line: number) => {
    const person = place === null ? undefined : people[place]!;
    if (person && !isKnown(person)) problems.push({ line, reason: `there is no user ${person.source}` });
  };
  const mustKnowChat = (chat: Chat, line: number) => {
    if (chat.source === null) for (const place of chat.pair!) mustKnowPerson(place, line);
    else if (!isKnown(chat)) problems.push({ line, reason: `there is no ${chat.source.kind} ${chat.source.id}` });
  };

  for (const { described, owner } of brands) if (described) mustKnowPerson(owner, described.line);
  for (const chat of chats) {
    const { described, pair, createdBy, members } = chat;
    if (described) {
      mustKnowPerson(createdBy, described.line);
      if (described.as.type === 'relation') {
        mustKnowPerson(pair![0], described.line);
        mustKnowPerson(pair![1], described.line);
      }
      for (const place of chat.brands ?? []) {
        const brand = brands[place]!;
        if (!isKnown(brand)) problems.push({ line: described.line, reason: `there is no brand ${brand.source}` });
      }
    }
    for (const { person, line } of members) {
      mustKnowPerson(person, line);
      mustKnowChat(chat, line);
    }
  }

  const { columns } = messages;
  const parties = chats.map((chat) => (chat.pair === null ? null : partiesOf(chat, collection)));
  for (let row = 0; row < messages.count; row += 1) {
    const [sender, line] = [columns.sender[row]!, columns.line[row]!];
    const chat = columns.chat[row]!;
    mustKnowPerson(sender, line);
    mustKnowChat(chats[chat]!, line);
    if (parties[chat] && !parties[chat].includes(sender)) problems.push({ line, reason: 'sender: is none of the two' });
  }
  return problems;
};
