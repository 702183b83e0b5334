/** A history, arranged so that questions about it are quick to answer. */
import type { ChatRecord, FinalChat, History, LogEvent, Mentions, Operation, SeenMessage } from '../history.js';
import { createMembership, type Membership } from './membership.js';

type Of<What extends Operation['what']> = Extract<Operation, { what: What }>;

export interface Facts {
  history: History;
  chats: ReadonlyMap<string, ChatFacts>;
  /** By sender and key. */
  sends: ReadonlyMap<string, Send>;
  /** By message. */
  edits: ReadonlyMap<string, Of<'edit'>[]>;
  deletions: ReadonlyMap<string, Deletion>;
  /** Texts that were written by an edit. */
  editTexts: ReadonlySet<string>;
}

export interface ChatFacts {
  chatId: string;
  final: FinalChat;
  log: ReadonlyMap<number, LogEvent>;
  /** Where each message of the log is, by its sender and key: the first place. */
  keys: ReadonlyMap<string, number>;
  messages: ReadonlyMap<number, SeenMessage>;
  membership: Membership;
  /** Numbers of its `edited` events, by message. */
  editedSeqs: ReadonlyMap<string, number[]>;
}

/** All tries of one message. */
export interface Send {
  chatId: string;
  text: string;
  mentions: Mentions | undefined;
  /** When the first try began. */
  startedAt: number;
  /** What it was acknowledged as, the first time; null where it never was. */
  acknowledged: { messageId: string; seq: number; at: number } | null;
  /** It may have happened. */
  isPossible: boolean;
}

export interface Deletion {
  isPossible: boolean;
  /** When it was first acknowledged. */
  acknowledgedAt: number | null;
}

export const keyOf = (senderId: string, key: string | null): string => `${senderId} ${key}`;

export const createFacts = (history: History): Facts => {
  const sends = new Map<string, Send>();
  const edits = new Map<string, Of<'edit'>[]>();
  const deletions = new Map<string, Deletion>();
  for (const operation of history.operations) {
    if (operation.what === 'send') addSend(sends, operation);
    if (operation.what === 'edit')
      edits.set(operation.messageId, [...(edits.get(operation.messageId) ?? []), operation]);
    if (operation.what === 'delete') addDeletion(deletions, operation);
  }
  const records = new Map(history.chats.map((record) => [record.chatId, record]));
  return {
    history,
    chats: new Map(
      history.final.chats.map((final) => [final.chatId, chatFacts(final, records.get(final.chatId)!, history)]),
    ),
    sends,
    edits,
    deletions,
    editTexts: new Set([...edits.values()].flat().map(({ text }) => text)),
  };
};

const addSend = (sends: Map<string, Send>, operation: Of<'send'>) => {
  const { by, key, chatId, text, mentions, startedAt, endedAt, outcome } = operation;
  const name = keyOf(by, key);
  const send = sends.get(name) ?? { chatId, text, mentions, startedAt, acknowledged: null, isPossible: false };
  sends.set(name, send);
  send.startedAt = Math.min(send.startedAt, startedAt);
  if (outcome.kind !== 'fail') send.isPossible = true;
  if (outcome.kind !== 'ok') return;
  if (send.acknowledged === null || endedAt < send.acknowledged.at)
    send.acknowledged = { messageId: outcome.messageId, seq: outcome.seq, at: endedAt };
};

const addDeletion = (deletions: Map<string, Deletion>, { messageIds, outcome, endedAt }: Of<'delete'>) => {
  for (const id of messageIds) {
    const deletion = deletions.get(id) ?? { isPossible: false, acknowledgedAt: null };
    deletions.set(id, deletion);
    if (outcome.kind === 'unknown') deletion.isPossible = true;
    if (outcome.kind !== 'ok' || !outcome.deletedIds.includes(id)) continue;
    deletion.isPossible = true;
    deletion.acknowledgedAt = Math.min(deletion.acknowledgedAt ?? Infinity, endedAt);
  }
};

const chatFacts = (final: FinalChat, record: ChatRecord, history: History): ChatFacts => {
  const editedSeqs = new Map<string, number[]>();
  const keys = new Map<string, number>();
  for (const event of final.log) {
    if (event.type === 'sent') {
      const name = keyOf(event.message.senderId, event.key);
      if (!keys.has(name)) keys.set(name, event.seq);
    }
    if (event.type !== 'edited') continue;
    editedSeqs.set(event.message.id, [...(editedSeqs.get(event.message.id) ?? []), event.seq]);
  }
  return {
    chatId: final.chatId,
    final,
    log: new Map(final.log.map((event) => [event.seq, event])),
    keys,
    messages: new Map(final.messages.map((message) => [message.seq, message])),
    membership: createMembership(final, record, history.operations),
    editedSeqs,
  };
};
