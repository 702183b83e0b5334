/** Asks for the password. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Not echoed on a terminal; the first line of a pipe. */
export const askPassword = async (username: string): Promise<string> => {
  if (!process.stdin.isTTY) {
    const line = await firstLine();
    return line;
  }
  let isSilent = false;
  const output = new Writable({
    write: (chunk, _encoding, done) => {
      if (!isSilent) process.stdout.write(chunk as Buffer);
      done();
    },
  });
  const question = createInterface({ input: process.stdin, output, terminal: true });
  const answer = question.question(`Password of ${username}: `);
  isSilent = true;
  const password = await answer;
  question.close();
  process.stdout.write('\n');
  return password;
};

/** Reads byte by byte, to leave what follows the line for the next reader. */
const firstLine = (): Promise<string> =>
  new Promise((resolve) => {
    let text = '';
    const read = () => {
      for (;;) {
        const chunk = process.stdin.read(1) as Buffer | null;
        if (chunk === null) return;
        const character = chunk.toString('latin1');
        if (character === '\n') return done();
        text += character;
      }
    };
    const done = () => {
      process.stdin.removeListener('readable', read);
      process.stdin.removeListener('end', done);
      resolve(Buffer.from(text, 'latin1').toString('utf8').replace(/\r$/, ''));
    };
    process.stdin.on('readable', read);
    process.stdin.on('end', done);
  });
