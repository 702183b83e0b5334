/** After messages were written in bulk: makes them searchable at once, instead of leaving that to the next start. */
import type { Database } from '../db/database.js';
import { fillWords } from '../domain/search/filling.js';
import { startProgress } from './progress.js';

/** Ends early if a running node is at it: that one goes on. */
export const indexMessages = async (db: Database, messages: number): Promise<void> => {
  if (messages === 0) return;
  const progress = startProgress(messages, 'messages indexed for searching');
  try {
    for await (const count of fillWords(db)) progress.add(count);
  } finally {
    progress.stop();
  }
};
