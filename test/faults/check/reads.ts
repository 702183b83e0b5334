/** Read positions only move forward, never beyond the head; and what is unread, and of that mentions, is what counting gives. */
import type { FollowerRecord, Operation, SeenMessage } from '../history.js';
import type { Findings } from './anomalies.js';
import { keyOf, type Facts } from './facts.js';

type MarkRead = Extract<Operation, { what: 'markRead' }> & { outcome: { kind: 'ok'; lastReadSeq: number } };

export const checkReads = (facts: Facts, findings: Findings): void => {
  const reads = new Map<string, MarkRead[]>();
  for (const operation of facts.history.operations) {
    if (operation.what !== 'markRead' || operation.outcome.kind !== 'ok') continue;
    const name = nameOf(operation.chatId, operation.by);
    const those = reads.get(name) ?? [];
    reads.set(name, those);
    those.push(operation as MarkRead);
  }
  for (const those of reads.values()) checkAnswers(those, findings);
  checkViews(facts, reads, findings);
  for (const follower of facts.history.followers) checkGiven(facts, follower, findings);
};

const nameOf = (chatId: string, userId: string) => `${chatId} ${userId}`;

const checkAnswers = (reads: readonly MarkRead[], findings: Findings) => {
  const byEnd = reads.toSorted((one, other) => one.endedAt - other.endedAt);
  const byStart = reads.toSorted((one, other) => one.startedAt - other.startedAt);
  let ended = 0;
  let highest = 0;
  for (const { startedAt, chatId, by, seq, outcome } of byStart) {
    while (ended < byEnd.length && byEnd[ended]!.endedAt < startedAt) {
      highest = Math.max(highest, byEnd[ended]!.outcome.lastReadSeq);
      ended += 1;
    }
    const least = Math.max(highest, seq);
    if (outcome.lastReadSeq < least)
      findings.add('readBack', chatId, `${by} had read up to ${least}, and then up to ${outcome.lastReadSeq}`);
  }
};

const checkViews = ({ chats, history, sends }: Facts, reads: ReadonlyMap<string, MarkRead[]>, findings: Findings) => {
  for (const { userId, chatId, lastReadSeq, unreadCount, unreadMentionCount } of history.final.views) {
    const chat = chats.get(chatId)!;
    const read = Math.max(0, ...(reads.get(nameOf(chatId, userId)) ?? []).map(({ outcome }) => outcome.lastReadSeq));
    if (lastReadSeq < read)
      findings.add('readBack', chatId, `${userId} had read up to ${read}, and up to ${lastReadSeq} at the end`);
    if (lastReadSeq > chat.final.headSeq)
      findings.add(
        'readBack',
        chatId,
        `${userId} has read up to ${lastReadSeq}, beyond the head ${chat.final.headSeq}`,
      );
    const isMember = chat.final.members.includes(userId);
    const unread = chat.final.messages.filter(
      ({ seq, senderId, isDeleted }) => seq > lastReadSeq && senderId !== userId && !isDeleted,
    );
    const wanted = isMember ? unread.length : 0;
    if (unreadCount !== wanted)
      findings.add('unread', chatId, `${userId} has ${wanted} unread after ${lastReadSeq}, and is told ${unreadCount}`);
    const isMentioned = ({ seq, senderId }: SeenMessage) => {
      const event = chat.log.get(seq);
      const mentions = event?.type === 'sent' ? sends.get(keyOf(senderId, event.key))?.mentions : undefined;
      return mentions !== undefined && (mentions.isEveryone || mentions.userIds.includes(userId));
    };
    const mentioning = isMember ? unread.filter(isMentioned).length : 0;
    if (unreadMentionCount !== mentioning)
      findings.add('mentionCount', chatId, `${userId} has ${mentioning} mentions, and is told ${unreadMentionCount}`);
  }
};

const checkGiven = ({ chats }: Facts, { name, items }: FollowerRecord, findings: Findings) => {
  const positions = new Map<string, number>();
  for (const item of items) {
    // Positions are not replayed: who comes back asks for them, and a bell that was rung before may still come.
    if (item.kind === 'open') positions.clear();
    if (item.kind !== 'read') continue;
    const { chatId, userId, lastReadSeq } = item;
    const before = positions.get(nameOf(chatId, userId)) ?? 0;
    if (lastReadSeq < before)
      findings.add(
        'readBack',
        chatId,
        `${name}: was given that ${userId} had read up to ${lastReadSeq} after ${before}`,
      );
    positions.set(nameOf(chatId, userId), lastReadSeq);
    const head = chats.get(chatId)?.final.headSeq ?? Infinity;
    if (lastReadSeq > head)
      findings.add('readBack', chatId, `${name}: ${userId} has read ${lastReadSeq}, the head is ${head}`);
  }
};
