/** `parley demo` */
import { fillWithCrowd } from '../demo/fill.js';
import { createPasswords, generatePassword } from '../domain/accounts/passwords.js';
import { withDatabase } from './database.js';
import { indexMessages } from './index-messages.js';
import { formatCount, startProgress } from './progress.js';

export interface DemoOptions {
  users: number;
  chats: number;
  messages: number;
  seed: number;
}

export const demo = (options: DemoOptions): Promise<void> =>
  withDatabase(async (db) => {
    const password = generatePassword();
    const passwordHash = await createPasswords().hash(password);
    const progress = startProgress(options.messages, 'messages');
    const startedAt = performance.now();
    const { usernames } = await fillWithCrowd(db, { ...options, passwordHash, onProgress: progress.add }).finally(
      progress.stop,
    );
    await indexMessages(db, options.messages);
    const seconds = (performance.now() - startedAt) / 1000;

    const { users, chats, messages } = options;
    const rate = formatCount(Math.round(messages / seconds));
    process.stdout.write(
      `Created ${formatCount(users)} users, ${formatCount(chats)} chats and ${formatCount(messages)} messages ` +
        `in ${seconds.toFixed(1)} s (${rate} messages a second)\n` +
        `Password of every user, ${usernames[0]} included: ${password}\n`,
    );
  });
