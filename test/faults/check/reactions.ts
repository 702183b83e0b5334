/** Reactions at the end against the log and what was acknowledged: none lost, none doubled, none made up. */
import type { Operation } from '../history.js';
import type { Findings } from './anomalies.js';
import { certainlyLast } from './certainly-last.js';
import type { ChatFacts, Facts } from './facts.js';

type Reacting = Extract<Operation, { what: 'react' | 'unreact' }>;

export const checkReactions = (facts: Facts, findings: Findings): void => {
  const operations = new Map<string, Reacting[]>();
  for (const operation of facts.history.operations) {
    if (operation.what !== 'react' && operation.what !== 'unreact') continue;
    const name = nameOf(operation.messageId, operation.by, operation.emoji);
    operations.set(name, [...(operations.get(name) ?? []), operation]);
  }
  for (const chat of facts.chats.values()) {
    const there = checkAgainstLog(chat, operations, findings);
    checkAcknowledged(chat, operations, there, findings);
  }
};

const nameOf = (messageId: string, userId: string, emoji: string) => `${messageId} ${userId} ${emoji}`;

/** @returns the reactions that are there */
const checkAgainstLog = (
  { chatId, final }: ChatFacts,
  operations: ReadonlyMap<string, readonly Reacting[]>,
  findings: Findings,
): ReadonlySet<string> => {
  /** By the log; with the message and the emoji of each. */
  const left = new Map<string, string>();
  for (const event of final.log) {
    if (event.type !== 'reacted' && event.type !== 'unreacted') continue;
    const name = nameOf(event.message.id, event.userId, event.emoji);
    const isTwice = left.has(name) === (event.type === 'reacted');
    if (isTwice) findings.add('doubledReaction', chatId, `${event.seq} of the log has ${name} ${event.type} once more`);
    if (event.type === 'reacted') left.set(name, `${event.message.id} ${event.emoji}`);
    else left.delete(name);
    if (!operations.get(name)?.some(({ outcome }) => outcome.kind !== 'fail'))
      findings.add('ghost', chatId, `${event.seq} of the log has ${name} ${event.type} by nobody`);
  }
  const deletedIds = new Set(final.messages.filter(({ isDeleted }) => isDeleted).map(({ id }) => id));
  const there = new Set<string>();
  for (const { messageId, emoji, count, userIds } of final.reactions) {
    const group = `${messageId} ${emoji}`;
    const wanted = [...left.values()].filter((one) => one === group).length;
    if (count > wanted) findings.add('doubledReaction', chatId, `${group} counts ${count}, and the log has ${wanted}`);
    for (const userId of userIds) {
      const name = nameOf(messageId, userId, emoji);
      if (there.has(name)) findings.add('doubledReaction', chatId, `${name} is there twice`);
      else if (!left.has(name)) findings.add('lostReaction', chatId, `${name} is there, and not by the log`);
      there.add(name);
    }
    if (count < userIds.length) findings.add('lostReaction', chatId, `${group} counts ${count} of ${userIds.length}`);
  }
  for (const name of left.keys()) {
    if (!there.has(name) && !deletedIds.has(messageIdOf(name)))
      findings.add('lostReaction', chatId, `${name} is in the log, and not there`);
  }
  return there;
};

const messageIdOf = (name: string) => name.split(' ')[0]!;

const checkAcknowledged = (
  { chatId, final }: ChatFacts,
  operations: ReadonlyMap<string, readonly Reacting[]>,
  there: ReadonlySet<string>,
  findings: Findings,
) => {
  const standing = new Set(final.messages.filter(({ isDeleted }) => !isDeleted).map(({ id }) => id));
  const begun = new Set(final.log.flatMap((event) => (event.type === 'reacted' ? [eventName(event)] : [])));
  for (const [name, those] of operations) {
    if (those[0]!.chatId !== chatId) continue;
    if (those.some(({ what, outcome }) => what === 'react' && outcome.kind === 'ok') && !begun.has(name))
      findings.add('lostReaction', chatId, `${name} was acknowledged, and is not in the log`);
    const last = certainlyLast(those);
    if (last === undefined || !standing.has(last.messageId)) continue;
    if (there.has(name) !== (last.what === 'react'))
      findings.add('lostReaction', chatId, `That ${name} was ${last.what}ed last did not stay`);
  }
};

const eventName = ({ message, userId, emoji }: { message: { id: string }; userId: string; emoji: string }) =>
  nameOf(message.id, userId, emoji);
