/** A group that was given an owner has one for as long as it has members. */
import type { Findings } from './anomalies.js';
import type { ChatFacts, Facts } from './facts.js';

export const checkOwners = ({ chats, history }: Facts, findings: Findings): void => {
  for (const chat of chats.values()) {
    const isOwned = history.operations.some(
      (one) =>
        one.what === 'setRole' && one.chatId === chat.chatId && one.role === 'OWNER' && one.outcome.kind === 'ok',
    );
    if (isOwned && chat.final.owners.length === 0 && !wasEmpty(chat, history.chats))
      findings.add('ownerless', chat.chatId, 'Nobody owns it any longer');
  }
};

/** At some time: who comes then is a member as any other. */
const wasEmpty = ({ chatId, final }: ChatFacts, records: Facts['history']['chats']): boolean => {
  const members = new Set(records.find((record) => record.chatId === chatId)!.members);
  return final.log.some((event) => {
    if (event.type === 'added') members.add(event.userId);
    if (event.type === 'removed') members.delete(event.userId);
    return members.size === 0;
  });
};
