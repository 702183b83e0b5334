/** A password that is given, prompted for, or generated. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { checkAccountInput } from '../domain/accounts/account-input.js';
import { generatePassword } from '../domain/accounts/passwords.js';
import { CommandError } from './command-error.js';

interface NewPasswordOptions {
  given?: string | undefined;
  /** Whether to prompt if there is a terminal. */
  isAsked: boolean;
  question: string;
}

/** @throws CommandError if the second input differs; InvalidInputError */
export const newPassword = async ({
  given,
  isAsked,
  question,
}: NewPasswordOptions): Promise<{ password: string; isGenerated: boolean }> => {
  if (given !== undefined) return { password: given, isGenerated: false };
  if (!isAsked || !process.stdin.isTTY) return { password: generatePassword(), isGenerated: true };
  const password = await ask(`${question}: `);
  checkAccountInput({ password });
  if ((await ask('Repeat: ')) !== password) throw new CommandError('The two passwords differ; nothing was changed');
  return { password, isGenerated: false };
};

/** Does not echo the input. */
const ask = async (question: string): Promise<string> => {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  const interrupted = new Promise<never>((_resolve, reject) => {
    terminal.once('SIGINT', () => reject(new CommandError('Cancelled; nothing was changed', 130)));
    terminal.once('close', () => reject(new CommandError('Cancelled; nothing was changed', 130)));
  });
  interrupted.catch(() => {});
  process.stderr.write(question);
  try {
    return await Promise.race([terminal.question(''), interrupted]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
};
