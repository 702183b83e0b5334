/** Imports another system's people and messages from a file of JSON lines into this database. */
import type { Database } from '../db/database.js';
import { isUniqueViolation } from '../db/database.js';
import { createCollection, type Collection, type Problem } from './collection.js';
import { parseLine } from './line.js';
import { resolveChats } from './resolve-chats.js';
import { findUnknown, resolveMessages, type ResolvedMessages } from './resolve-messages.js';
import { resolveBrands, resolvePeople, type ResolveOptions } from './resolve-people.js';
import { writeChats } from './write-chats.js';
import { writeBrands, writePeople } from './write-people.js';

/** A line of the file. */
export interface SourceLine {
  /** The first one is 1. */
  number: number;
  /** Null for a line that is not text, or is too long. */
  text: string | null;
  /** Its position in the file, in bytes. */
  offset: number;
  length: number;
}

export interface ImportSource {
  lines(): Iterable<SourceLine>;
  /** The text at a position that `lines` gave. */
  readLine(offset: number, length: number): string;
}

export interface ImportOptions extends ResolveOptions {
  db: Database;
  source: ImportSource;
  /** Called once the number of messages to write is known. */
  onStart?: (messages: number) => void;
  onProgress?: (messages: number) => void;
  /** Another import is running; this one waits for it. */
  onWait?: () => void;
  isDryRun: boolean;
}

export const COUNTED = ['user', 'brand', 'relation', 'chat', 'member', 'message'] as const;

export type Counts = Record<(typeof COUNTED)[number], number>;

export type Imported =
  | { outcome: 'refused'; problems: Problem[] }
  /** `added`: in a dry run what would be added. `present`: imported before. */
  | { outcome: 'imported'; added: Counts; present: Counts };

/** Something to be added was created in the database between checking and writing. */
export class ChangedMeanwhileError extends Error {
  override name = 'ChangedMeanwhileError';
}

/** An arbitrary number that nothing else of ours locks; Prisma's migrations use another. */
const LOCK = 5_046_193;

/**
 * Checks everything first: if any line is invalid, nothing is written. Then it writes in transactions of some thousand messages; after
 * an interruption the next run continues.
 *
 * @throws ChangedMeanwhileError, FileChangedError, UnavailableError; what was written by then stays, and is not written again
 */
export const importLines = (options: ImportOptions): Promise<Imported> =>
  options.db.session(async (session) => {
    const [row] = await session.query<{ isGranted: boolean }>(`SELECT pg_try_advisory_lock(${LOCK}) AS "isGranted"`);
    if (!row!.isGranted) {
      options.onWait?.();
      await session.query(`SELECT pg_advisory_lock(${LOCK})`);
    }
    return importAlone(options);
  });

const importAlone = async (options: ImportOptions): Promise<Imported> => {
  const { db, source, isDryRun, onStart, onProgress } = options;
  const collection = collect(source);
  const { problems, ...resolved } = await resolve(options, collection);
  if (problems.length > 0) return { outcome: 'refused', problems };

  const counts = countAll(collection, resolved);
  if (isDryRun) return { outcome: 'imported', ...counts };
  onStart?.(counts.added.message);
  try {
    await writePeople(db, collection);
    await writeBrands(db, collection);
    await writeChats({ db, collection, ...resolved, readLine: source.readLine, onProgress });
  } catch (error) {
    if (!isUniqueViolation(error)) throw error;
    throw new ChangedMeanwhileError('Something of this was made here while it was brought in: run it again', {
      cause: error,
    });
  }
  return { outcome: 'imported', ...counts };
};

const collect = (source: ImportSource): Collection => {
  const collection = createCollection();
  for (const { number, text, offset, length } of source.lines()) {
    if (text === null) {
      collection.problems.push({ line: number, reason: 'is no UTF-8, or longer than 1 MiB' });
    } else if (text.trim() !== '') {
      const line = parseLine(text);
      if ('problem' in line) collection.addBad(line, number);
      else collection.add(line, number, { offset, length });
    }
  }
  return collection;
};

/** All problems, by line; what an invalid line would have described counts as known for references to it. */
const resolve = async (options: ImportOptions, collection: Collection) => {
  const { db } = options;
  const problems = [
    ...collection.problems,
    ...(await resolvePeople(db, collection, options)),
    ...(await resolveBrands(db, collection)),
    ...(await resolveChats(db, collection)),
  ];
  const { problems: ofMessages, ...resolved } = await resolveMessages(db, collection);
  problems.push(...ofMessages, ...findUnknown(collection));
  const distinct = new Map(problems.map((problem) => [`${problem.line} ${problem.reason}`, problem]));
  return { problems: [...distinct.values()].sort((one, other) => one.line - other.line), ...resolved };
};

const countAll = (collection: Collection, { isDone }: ResolvedMessages): { added: Counts; present: Counts } => {
  const { people, brands, chats } = collection;
  const described = (things: readonly { described: unknown; isDone: boolean }[]) =>
    things.filter((thing) => thing.described !== null).map((thing) => thing.isDone);
  const done = {
    user: described(people),
    brand: described(brands),
    relation: described(chats.filter(({ source }) => source?.kind === 'relation')),
    chat: described(chats.filter(({ source }) => source?.kind === 'chat')),
    member: chats.flatMap(({ members }) => members.map((member) => member.isDone)),
    message: Array.from(isDone, (one) => one === 1),
  };
  const count = (wanted: boolean) =>
    Object.fromEntries(COUNTED.map((kind) => [kind, done[kind].filter((one) => one === wanted).length])) as Counts;
  return { added: count(false), present: count(true) };
};
