/** A message as lines: what it replies to, its text, its files, and what others made of it. */
import type { Message } from './conversation.js';
import { harmless, wrap } from './text.js';

export interface LinesOptions {
  viewerId: string;
  /** Infinity: a pipe or a file, which is not wrapped, and cannot take back a line that it printed. */
  columns: number;
  /** Makes a link that is a path complete. */
  absolute: (url: string) => string;
}

const QUOTED_LENGTH = 60;

export const linesOf = (message: Message, { viewerId, columns, absolute }: LinesOptions): string[] => {
  const { replyTo, attachments } = message;
  const marks = marksOf(message);
  const isPrinted = columns === Infinity;
  const edited = message.isEdited && !message.isDeleted ? ' (edited)' : '';
  const text = message.isDeleted ? '(deleted)' : harmless(message.text ?? '');
  const said = `#${message.seq} ${harmless(message.sender.username)}: ${text}${edited}`;
  const lines = [
    ...(replyTo === null ? [] : wrap(`   ↪ ${quoteOf(replyTo)}`, columns, 5)),
    ...wrap(isPrinted || marks === '' ? said : `${said}  ${marks}`, columns),
    ...attachments.flatMap((file) => [
      ...wrap(`   ${fileOf(file)}`, columns, 5),
      // Without an indent, to be copied whole.
      ...wrap(harmless(absolute(file.url)), columns, 0),
    ]),
  ];
  // One entry: a second reply to the same message has the same first line, and is printed with it all the same.
  if (isPrinted) return [lines.join('\n'), ...(marks === '' ? [] : [`#${message.seq} ${marks}`])];
  return isMentioned(message, viewerId) ? lines.map((line) => `\x1b[1m${line}\x1b[22m`) : lines;
};

/** `📌  👍 3  ❤️ 1`, or nothing. */
export const marksOf = ({ pinnedAt, reactions }: Message): string =>
  [...(pinnedAt === null ? [] : ['📌']), ...reactions.map(({ emoji, count }) => `${harmless(emoji)} ${count}`)].join(
    '  ',
  );

export const isMentioned = ({ mentions, mentionsEveryone, sender }: Message, userId: string): boolean =>
  mentions.some(({ id }) => id === userId) || (mentionsEveryone && sender.id !== userId);

const quoteOf = ({ sender, text, isDeleted }: NonNullable<Message['replyTo']>): string => {
  const characters = Array.from(isDeleted ? '(deleted)' : harmless(text ?? ''));
  const shown = characters.slice(0, QUOTED_LENGTH).join('');
  return `${harmless(sender.username)}: ${shown}${characters.length > QUOTED_LENGTH ? '…' : ''}`;
};

/** `[photo.jpg, image, 1.2 MB]` */
const fileOf = ({ filename, kind, byteSize }: Message['attachments'][number]): string =>
  `[${harmless(filename)}, ${kind.toLowerCase()}, ${sizeOf(byteSize)}]`;

const sizeOf = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB'];
  let [size, unit] = [bytes / 1000, 0];
  while (size >= 999.5 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${size < 9.95 ? size.toFixed(1) : Math.round(size)} ${units[unit]!}`;
};
