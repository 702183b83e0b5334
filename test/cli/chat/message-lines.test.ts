import { expect, it } from 'vitest';
import type { Message } from '../../../src/cli/chat/conversation.js';
import { linesOf } from '../../../src/cli/chat/message-lines.js';

const options = { viewerId: 'me', columns: 60, absolute: (url: string) => new URL(url, 'http://host:4000').href };

const message: Message = {
  id: 'message 12',
  seq: 12,
  text: 'Yes',
  createdAt: '2026-01-01T00:00:00.000Z',
  editedAt: null,
  isEdited: false,
  isDeleted: false,
  clientMessageId: null,
  sender: { id: 'other', username: 'bob' },
  replyTo: null,
  reactions: [],
  mentions: [],
  mentionsEveryone: false,
  pinnedAt: null,
  attachments: [],
};
const reactions = [
  { emoji: '👍', count: 3, isMine: false },
  { emoji: '❤️', count: 1, isMine: true },
];
const replyTo = { seq: 9, text: 'Shall we?\nNow?', isDeleted: false, sender: { username: 'ada' } };

it('shows what a message replies to, whether it is pinned, its reactions and its files', () => {
  const attachments = [
    { kind: 'IMAGE' as const, filename: 'photo.jpg', byteSize: 1_200_000, url: '/files/1/photo.jpg?x=1' },
    { kind: 'FILE' as const, filename: 'notes.txt', byteSize: 999, url: 'https://files.example/2' },
  ];

  const lines = linesOf({ ...message, replyTo, reactions, pinnedAt: message.createdAt, attachments }, options);

  expect(lines).toEqual([
    '   ↪ ada: Shall we? ⏎ Now?',
    '#12 bob: Yes  📌  👍 3  ❤️ 1',
    '   [photo.jpg, image, 1.2 MB]',
    'http://host:4000/files/1/photo.jpg?x=1',
    '   [notes.txt, file, 999 B]',
    'https://files.example/2',
  ]);
});

it('lets nothing of what others wrote steer the terminal', () => {
  const evil = '\x1b[2J\r\u202E';

  const lines = linesOf(
    {
      ...message,
      text: evil,
      sender: { id: 'other', username: evil },
      replyTo: { ...replyTo, text: evil, sender: { username: evil } },
      reactions: [{ emoji: evil, count: 1, isMine: false }],
      attachments: [{ kind: 'FILE', filename: evil, byteSize: 1, url: `http://host/${evil}` }],
    },
    { ...options, absolute: (url) => url },
  );

  // eslint-disable-next-line no-control-regex
  expect(lines.join('')).not.toMatch(/[\u0000-\u001F\u202E]/);
});

it('makes what mentions the viewer bold, and nothing else', () => {
  const bold = ['\x1b[1m#12 bob: Yes\x1b[22m'];

  expect(linesOf({ ...message, mentions: [{ id: 'me' }] }, options)).toEqual(bold);
  expect(linesOf({ ...message, mentionsEveryone: true }, options)).toEqual(bold);
  expect(linesOf({ ...message, mentions: [{ id: 'third' }] }, options)).toEqual(['#12 bob: Yes']);
});

it('prints reactions into a pipe as a line of their own, so that the message is not said again', () => {
  const printed = linesOf({ ...message, replyTo, reactions }, { ...options, columns: Infinity });

  expect(printed).toEqual(['   ↪ ada: Shall we? ⏎ Now?\n#12 bob: Yes', '#12 👍 3  ❤️ 1']);
});

it.each([
  [1, '1 B'],
  [1000, '1.0 kB'],
  [9_960, '10 kB'],
  [999_400, '999 kB'],
  [999_600, '1.0 MB'],
  [2_000_000_000, '2.0 GB'],
])('says that %d bytes are %s', (byteSize, shown) => {
  const attachments = [{ kind: 'FILE' as const, filename: 'a', byteSize, url: 'http://host/' }];

  expect(linesOf({ ...message, attachments }, options)).toContain(`   [a, file, ${shown}]`);
});
