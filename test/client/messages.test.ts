import { expect, it } from 'vitest';
import { createMessages, type ListedMessage } from '@parley-chat/client/messages';
import { upTo } from '../support/sent.js';

interface Message extends ListedMessage {
  text: string | null;
  sender?: { username: string };
}

const message = (seq: number, more: Partial<Message> = {}): Message => ({
  id: `message ${seq}`,
  seq,
  text: `text ${seq}`,
  isDeleted: false,
  ...more,
});

const seqs = (messages: readonly ListedMessage[]) => messages.map(({ seq }) => seq);

it('lists messages in the log’s order, in whichever they come', () => {
  const messages = createMessages<Message>();

  for (const page of [[7, 9], [3, 5], [8], [1], [10, 4]]) messages.put(page.map((seq) => message(seq)));

  expect(seqs(messages.list())).toEqual([1, 3, 4, 5, 7, 8, 9, 10]);
});

it('takes one more, an older or a changed one, without looking at the others again', () => {
  let looks = 0;
  const counted = (seq: number, more?: Partial<Message>) =>
    Object.defineProperty(message(seq, more), 'seq', {
      enumerable: true,
      get: () => {
        looks += 1;
        return seq;
      },
    });
  const messages = createMessages<Message>();
  messages.put(upTo(10_000).map((n) => counted(2 * n)));
  messages.list();

  const looksFor = (one: Message) => {
    looks = 0;
    messages.put([one]);
    messages.list();
    return looks;
  };

  expect(looksFor(counted(20_001))).toBeLessThan(10);
  expect(looksFor(counted(9_999))).toBeLessThan(40);
  expect(looksFor(counted(10_000, { text: 'edited', editedAt: '2026-01-01' }))).toBeLessThan(40);
  expect(messages.list()).toHaveLength(10_002);
  expect(messages.list()[4999]).toMatchObject({ seq: 9_999 });
  expect(messages.list()[5000]).toMatchObject({ seq: 10_000, text: 'edited' });
});

it('is the same list until something has changed', () => {
  const messages = createMessages<Message>();
  messages.put([message(1, { sender: { username: 'ada' } }), message(2, { isDeleted: true, text: null })]);
  const before = messages.list();

  messages.put([message(1, { sender: { username: 'ada' } })]);
  messages.put([message(2)]); // as it was before it was deleted
  expect(messages.list()).toBe(before);

  messages.put([message(1, { sender: { username: 'ada.l' } })]);
  expect(messages.list()).not.toBe(before);
  expect(seqs(before)).toEqual([1, 2]);
  expect(messages.list()[0]?.sender).toEqual({ username: 'ada.l' });
});
