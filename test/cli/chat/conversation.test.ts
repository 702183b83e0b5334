import { expect, it } from 'vitest';
import { createConversation, type Message } from '../../../src/cli/chat/conversation.js';

const viewer = { id: 'me', username: 'ada' };
const other = { id: 'other', username: 'bob' };

const message = (seq: number, text: string, { sender = other, key = null as string | null } = {}): Message => ({
  id: `message ${seq}`,
  seq,
  text,
  createdAt: '2026-01-01T00:00:00.000Z',
  editedAt: null,
  isEdited: false,
  isDeleted: false,
  clientMessageId: key,
  replyTo: null,
  reactions: [],
  mentions: [],
  mentionsEveryone: false,
  pinnedAt: null,
  attachments: [],
  sender,
});

const textsOf = (conversation: ReturnType<typeof createConversation>) =>
  conversation.messages().map(({ text }) => text);

it('stands in the order of the log, whatever came first and however often', () => {
  const conversation = createConversation(viewer.id);

  conversation.put([message(3, 'three'), message(1, 'one')]);
  conversation.put([message(2, 'two'), message(3, 'three')]);
  conversation.put([message(1, 'one, edited')]);

  expect(textsOf(conversation)).toEqual(['one, edited', 'two', 'three']);
  expect(conversation.headSeq()).toBe(3);
});

it("one's own message is no longer underway once it is in the log, by its key", () => {
  const conversation = createConversation(viewer.id);
  conversation.addOutgoing({ clientMessageId: 'key 1', text: 'first' });
  conversation.addOutgoing({ clientMessageId: 'key 2', text: 'second' });

  conversation.put([message(1, 'first', { sender: viewer, key: 'key 1' })]);
  conversation.put([message(2, 'of another with the same key', { key: 'key 2' })]);

  expect(conversation.outgoing().map(({ text }) => text)).toEqual(['second']);
});

it('keeps what was refused, with the reason, until it is read anew', () => {
  const conversation = createConversation(viewer.id);
  conversation.addOutgoing({ clientMessageId: 'key', text: 'text' });
  conversation.put([message(1, 'one')]);

  conversation.refuse('key', 'closed');
  conversation.reset();

  expect(conversation.outgoing()).toMatchObject([{ text: 'text', refusal: 'closed' }]);
  expect(textsOf(conversation)).toEqual([]);
});
