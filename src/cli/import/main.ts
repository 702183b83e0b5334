/** `parley import FILE` */
import { exitCodes } from '../../exit-codes.js';
import { ChangedMeanwhileError, COUNTED, importLines, type Counts, type Imported } from '../../import/import-lines.js';
import { FileChangedError } from '../../import/line.js';
import { CommandError } from '../command-error.js';
import { withDatabase } from '../database.js';
import { indexMessages } from '../index-messages.js';
import { formatCount, startProgress, type Progress } from '../progress.js';
import { openLineFile, type LineFile } from './line-file.js';

export interface ImportCommandOptions {
  dryRun?: true;
  adopt?: true;
}

export const importFile = async (path: string, options: ImportCommandOptions): Promise<void> => {
  let progress: Progress | undefined;
  const file = await opened(path, (bytes) => progress?.add(bytes));
  const isDryRun = options.dryRun === true;
  try {
    await withDatabase(async (db) => {
      progress = startProgress(file.size, 'bytes read');
      const imported = await importLines({
        db,
        source: file,
        isDryRun,
        isAdopting: options.adopt === true,
        onStart: (messages) => {
          progress?.stop();
          progress = startProgress(messages, 'messages');
        },
        onProgress: (messages) => progress?.add(messages),
        onWait: () => process.stderr.write('parley: another import is running; waiting for it\n'),
      }).finally(() => progress?.stop());
      tell(imported, isDryRun);
      if (imported.outcome !== 'refused' && !isDryRun) await indexMessages(db, imported.added.message);
    });
  } catch (error) {
    if (!(error instanceof ChangedMeanwhileError || error instanceof FileChangedError)) throw error;
    throw new CommandError(error.message, exitCodes.unexpected);
  } finally {
    file.close();
  }
};

const opened = async (path: string, onRead: (bytes: number) => void): Promise<LineFile> => {
  try {
    return await openLineFile({ path, onRead });
  } catch (error) {
    throw new CommandError(`Cannot read ${path}: ${(error as Error).message}`, exitCodes.noInput);
  }
};

const tell = (imported: Imported, isDryRun: boolean): void => {
  if (imported.outcome === 'refused') {
    const { problems } = imported;
    for (const { line, reason } of problems) process.stderr.write(`line ${line}: ${reason}\n`);
    const lines = new Set(problems.map(({ line }) => line)).size;
    const what = lines === 1 ? '1 line is' : `${formatCount(lines)} lines are`;
    throw new CommandError(`${what} bad; nothing was imported`, exitCodes.inputData);
  }
  const [verb, others] = isDryRun ? ['Would add', 'Already here'] : ['Added', 'Were already here'];
  process.stdout.write(`${verb}: ${listOf(imported.added)}\n`);
  if (Object.values(imported.present).some((count) => count > 0)) {
    process.stdout.write(`${others}: ${listOf(imported.present)}\n`);
  }
};

const listOf = (counts: Counts): string => {
  const given = COUNTED.filter((kind) => counts[kind] > 0);
  const parts = given.map((kind) => `${formatCount(counts[kind])} ${kind}${counts[kind] === 1 ? '' : 's'}`);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
};
