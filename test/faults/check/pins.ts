/** Pinned messages at the end against the log and what was acknowledged. */
import type { Operation } from '../history.js';
import type { Findings } from './anomalies.js';
import { certainlyLast } from './certainly-last.js';
import type { ChatFacts, Facts } from './facts.js';

type Pinning = Extract<Operation, { what: 'pin' | 'unpin' }>;

const MOST = 50;

export const checkPins = (facts: Facts, findings: Findings): void => {
  const operations = new Map<string, Pinning[]>();
  for (const operation of facts.history.operations) {
    if (operation.what !== 'pin' && operation.what !== 'unpin') continue;
    operations.set(operation.messageId, [...(operations.get(operation.messageId) ?? []), operation]);
  }
  for (const chat of facts.chats.values()) checkChat(chat, operations, findings);
};

const checkChat = (
  { chatId, final }: ChatFacts,
  operations: ReadonlyMap<string, readonly Pinning[]>,
  findings: Findings,
) => {
  const pinned = new Set(final.pinnedIds);
  if (final.pinnedIds.length > MOST) findings.add('pins', chatId, `${final.pinnedIds.length} messages are pinned`);
  if (pinned.size < final.pinnedIds.length) findings.add('pins', chatId, 'A message is pinned twice');
  /** By the log, whether each was pinned last. */
  const logged = new Map<string, boolean>();
  for (const event of final.log) {
    if (event.type !== 'pinned' && event.type !== 'unpinned') continue;
    logged.set(event.message.id, event.type === 'pinned');
    if (!operations.get(event.message.id)?.some(({ outcome }) => outcome.kind !== 'fail'))
      findings.add('ghost', chatId, `${event.message.id} was ${event.type} at ${event.seq} by nobody`);
  }
  for (const { id, isDeleted } of final.messages) {
    if (pinned.has(id) !== ((logged.get(id) ?? false) && !isDeleted))
      findings.add(
        'pins',
        chatId,
        `${id} is ${pinned.has(id) ? '' : 'not '}pinned, though by the log it is the opposite`,
      );
    const last = isDeleted ? undefined : certainlyLast(operations.get(id) ?? []);
    if (last !== undefined && pinned.has(id) !== (last.what === 'pin'))
      findings.add('pins', chatId, `That ${id} was ${last.what}ned last did not stay`);
  }
};
