/** Bringing in lines that a test writes down, without a file around them. */
import type { Database } from '../../src/db/database.js';
import { importLines, type Imported, type ImportSource } from '../../src/import/import-lines.js';

/** An object, or a line as it is. */
export type GivenLine = object | string;

export const sourceOf = (given: readonly GivenLine[]): ImportSource => {
  const lines = given.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
  // The place of a line is its number here.
  return {
    lines: () => lines.map((text, index) => ({ number: index + 1, text, offset: index, length: text.length })),
    readLine: (offset) => lines[offset]!,
  };
};

export const bringIn = (
  db: Database,
  lines: readonly GivenLine[],
  { isDryRun = false, isAdopting = false } = {},
): Promise<Imported> => importLines({ db, source: sourceOf(lines), isDryRun, isAdopting });

/** A small company that moves in: three people, one of each kind of chat, everything in it at known times. */
export const company: readonly GivenLine[] = [
  {
    type: 'user',
    id: 1,
    username: 'ada@old',
    email: 'ada@example.org',
    firstName: 'Ada',
    role: 'ADMIN',
    createdAt: '2024-01-01T09:00:00+03:00',
  },
  { type: 'user', id: 2, username: 'Boris', email: 'boris@example.org', role: 'MANAGER' },
  { type: 'user', id: 3, username: 'chen', email: null, externalId: 'c-3' },
  { type: 'user', id: 4, username: 'gone', isActive: false },
  { type: 'brand', id: 1, name: 'Acme', plan: 'BUSINESS', owner: 1 },
  { type: 'brand', id: 2, name: 'Bolt', owner: 3 },
  { type: 'chat', id: 'g', kind: 'GROUP', name: 'Kitchen', slug: 'kitchen', createdAt: '2024-02-01T10:00:00Z' },
  { type: 'member', chat: 'g', user: 1, lastReadMessage: 'm2' },
  { type: 'member', chat: 'g', user: 2, isAllRead: true },
  { type: 'member', chat: 'g', user: 3 },
  { type: 'message', id: 'm3', chat: 'g', sender: 4, text: 'bye', createdAt: '2024-02-01T12:00:00Z', isDeleted: true },
  {
    type: 'message',
    id: 'm1',
    chat: 'g',
    sender: 1,
    text: 'hi',
    createdAt: '2024-02-01T10:01:00Z',
    editedAt: '2024-02-01T13:00:00Z',
  },
  {
    type: 'message',
    id: 'm2',
    chat: 'g',
    sender: 2,
    text: 'x'.repeat(5000),
    createdAt: '2024-02-01T10:02:00.123456+00:00',
  },
  {
    type: 'message',
    id: 'm4',
    chat: 'g',
    sender: 2,
    text: 'anyone?',
    createdAt: '2024-02-02T10:00:00Z',
    isEdited: true,
  },
  { type: 'relation', id: 'r', manager: 2, client: 3, createdAt: '2024-03-01T10:00:00Z' },
  { type: 'message', id: 'm5', relation: 'r', sender: 3, text: 'help', createdAt: '2024-03-01T10:01:00Z' },
  { type: 'member', relation: 'r', user: 2, lastReadMessage: 'm5' },
  { type: 'relation', id: 'old', manager: 2, client: 4, isDeleted: true },
  { type: 'chat', id: 'b', kind: 'MATCH', brands: [1, 2] },
  { type: 'message', id: 'm6', chat: 'b', sender: 1, text: 'deal?', createdAt: '2024-03-02T10:01:00Z' },
  { type: 'chat', id: 'o', kind: 'ORDER', orderRef: 'A-17', createdBy: 2, isClosed: true },
  { type: 'member', chat: 'o', user: 3, isAllRead: true },
  { type: 'message', id: 'm7', chat: 'o', sender: 3, text: 'where is it', createdAt: '2024-03-03T10:01:00Z' },
  { type: 'message', id: 'm8', sender: 1, receiver: 3, text: 'psst', createdAt: '2024-03-04T10:01:00Z' },
  { type: 'message', id: 'm9', sender: 3, receiver: 1, text: 'what', createdAt: '2024-03-04T10:02:00Z' },
  { type: 'member', user: 1, with: 3, lastReadMessage: 'm9' },
];
