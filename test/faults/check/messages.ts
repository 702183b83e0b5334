/** The final log and history against what was acknowledged: nothing lost, doubled, made up, undone or out of order. */
import type { Operation, SeenMessage } from '../history.js';
import type { Findings } from './anomalies.js';
import { certainlyLast } from './certainly-last.js';
import { keyOf, type ChatFacts, type Facts, type Send } from './facts.js';

export const checkMessages = (facts: Facts, findings: Findings): void => {
  for (const chat of facts.chats.values()) {
    checkLog(facts, chat, findings);
    for (const message of chat.final.messages) checkMessage(facts, chat, message, findings);
    checkMembers(facts, chat, findings);
  }
  checkAcknowledged(facts, findings);
  checkRealTimeOrder(facts, findings);
};

const checkLog = (facts: Facts, { chatId, final, log, keys, messages, membership }: ChatFacts, findings: Findings) => {
  for (let seq = 1; seq <= final.headSeq; seq += 1) {
    if (!log.has(seq)) findings.add('lost', chatId, `The log has no ${seq}, though its head is ${final.headSeq}`);
  }
  for (const event of final.log) {
    if (event.type !== 'sent') continue;
    const { message, key, seq } = event;
    if (messages.get(seq)?.id !== message.id)
      findings.add('lost', chatId, `Message ${message.id} of the log's ${seq} is not in the history`);
    if (!membership.isIn(message.senderId, seq) && !facts.history.seeAll.includes(message.senderId))
      findings.add('unauthorised', chatId, `Message ${message.id} at ${seq} is by ${message.senderId}, no member then`);
    const send = facts.sends.get(keyOf(message.senderId, key));
    if (send === undefined) findings.add('ghost', chatId, `Message ${message.id} at ${seq} was sent by nobody`);
    else if (!send.isPossible) findings.add('ghost', chatId, `Message ${message.id} at ${seq} was refused`);
    const first = keys.get(keyOf(message.senderId, key));
    if (first !== seq) findings.add('duplicate', chatId, `The message with key ${key} is at ${first} and at ${seq}`);
  }
  const seqs = new Set<number>();
  for (const message of final.messages) {
    if (seqs.has(message.seq)) findings.add('duplicate', chatId, `The history has ${message.seq} twice`);
    seqs.add(message.seq);
    const event = log.get(message.seq);
    if (event !== undefined && (event.type !== 'sent' || event.message.id !== message.id))
      findings.add('twoContents', chatId, `${message.seq} is message ${message.id} in the history, and not in the log`);
  }
};

const checkMessage = (facts: Facts, chat: ChatFacts, message: SeenMessage, findings: Findings) => {
  const { chatId, log, editedSeqs } = chat;
  const { id, seq, text, isDeleted } = message;
  const deletion = facts.deletions.get(id);
  if (isDeleted || text === null) {
    if (!deletion?.isPossible) findings.add('ghost', chatId, `Message ${id} at ${seq} was deleted by nobody`);
    return;
  }
  if (deletion !== undefined && deletion.acknowledgedAt !== null)
    findings.add('deletedBack', chatId, `Message ${id} at ${seq} was deleted, and has the text "${text}" at the end`);

  const edits = facts.edits.get(id) ?? [];
  const acknowledged = edits.filter(({ outcome }) => outcome.kind === 'ok');
  const edited = editedSeqs.get(id)?.length ?? 0;
  if (edited < acknowledged.length)
    findings.add(
      'editUndone',
      chatId,
      `Message ${id}: ${acknowledged.length} edits acknowledged, ${edited} in the log`,
    );
  const event = log.get(seq);
  const send = event?.type === 'sent' ? facts.sends.get(keyOf(message.senderId, event.key)) : undefined;
  if (send === undefined || mayStand(text, send, edits)) return;
  const isRefused = edits.some((edit) => edit.text === text && edit.outcome.kind === 'fail');
  findings.add(isRefused ? 'ghost' : 'editUndone', chatId, `Message ${id} at ${seq} has the text "${text}" at the end`);
};

type Edit = Extract<Operation, { what: 'edit' }>;

/** The last acknowledged edit stands, where they did not overlap; one that is unknown may have come at any time. */
const mayStand = (text: string, send: Send, edits: readonly Edit[]): boolean => {
  const acknowledged = edits.filter(({ outcome }) => outcome.kind === 'ok');
  if (text === send.text) return acknowledged.length === 0;
  return edits.some(
    (edit) =>
      edit.text === text &&
      (edit.outcome.kind === 'unknown' ||
        (edit.outcome.kind === 'ok' && acknowledged.every((other) => other.startedAt <= edit.endedAt))),
  );
};

const checkAcknowledged = ({ chats, history, sends }: Facts, findings: Findings) => {
  for (const operation of history.operations) {
    if (operation.what !== 'send' || operation.outcome.kind !== 'ok') continue;
    const { chatId, by, key, outcome } = operation;
    const first = sends.get(keyOf(by, key))!.acknowledged!;
    if (first.messageId !== outcome.messageId || first.seq !== outcome.seq)
      findings.add('duplicate', chatId, `Key ${key} was acknowledged as ${first.seq} and as ${outcome.seq}`);
  }
  for (const [name, { chatId, acknowledged }] of sends) {
    if (acknowledged === null) continue;
    const { messageId, seq } = acknowledged;
    const chat = chats.get(chatId);
    // By its key, for the number and with it the id may be another message's by now.
    if (chat !== undefined && !chat.keys.has(name))
      findings.add('lost', chatId, `Message ${messageId}, acknowledged as ${seq}, is not in the log`);
    const message = chat?.messages.get(seq);
    if (message === undefined)
      findings.add('lost', chatId, `Message ${messageId}, acknowledged as ${seq}, is not in the history`);
    else if (message.id !== messageId)
      findings.add(
        'twoContents',
        chatId,
        `${seq} was acknowledged for ${messageId}, and is ${message.id} in the history`,
      );
    const event = chat?.log.get(seq);
    if (event?.type === 'sent' && keyOf(event.message.senderId, event.key) !== name)
      findings.add('twoContents', chatId, `${seq} was acknowledged for the key ${name}, and has another in the log`);
  }
};

const checkRealTimeOrder = ({ sends }: Facts, findings: Findings) => {
  const byChat = new Map<string, Send[]>();
  for (const send of sends.values()) {
    if (send.acknowledged === null) continue;
    const those = byChat.get(send.chatId) ?? [];
    byChat.set(send.chatId, those);
    those.push(send);
  }
  for (const [chatId, those] of byChat) {
    those.sort((one, other) => other.acknowledged!.seq - one.acknowledged!.seq);
    /** Of all with higher numbers the one that was acknowledged first. */
    let earliest: Send | undefined;
    for (const send of those) {
      if (earliest !== undefined && earliest.acknowledged!.at < send.startedAt)
        findings.add(
          'realTimeOrder',
          chatId,
          `${earliest.acknowledged!.seq} was acknowledged before ${send.acknowledged!.seq} was begun`,
        );
      if (earliest === undefined || send.acknowledged!.at < earliest.acknowledged!.at) earliest = send;
    }
  }
};

const checkMembers = ({ history }: Facts, { chatId, final, membership }: ChatFacts, findings: Findings) => {
  const members = new Set(final.members);
  const fromLog = membership.last();
  for (const userId of new Set([...members, ...fromLog])) {
    if (members.has(userId) !== fromLog.has(userId))
      findings.add(
        'lost',
        chatId,
        `By the log ${userId} is ${fromLog.has(userId) ? 'in' : 'out'} at the end, and not so`,
      );
  }
  const changes = new Map<string, Extract<Operation, { what: 'add' | 'remove' | 'accept' }>[]>();
  for (const operation of history.operations) {
    const { what } = operation;
    if ((what !== 'add' && what !== 'remove' && what !== 'accept') || operation.chatId !== chatId) continue;
    const userId = what === 'accept' ? operation.by : operation.userId;
    changes.set(userId, [...(changes.get(userId) ?? []), operation]);
  }
  for (const [userId, those] of changes) {
    const last = certainlyLast(those);
    if (last !== undefined && members.has(userId) !== (last.what !== 'remove'))
      findings.add(
        'lost',
        chatId,
        `That ${userId} was ${last.what === 'remove' ? 'removed' : 'added'} last did not stay`,
      );
  }
};
