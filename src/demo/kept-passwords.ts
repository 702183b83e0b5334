/** The demo people's passwords: generated once per data folder and stored there, readable by its owner only. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { generatePassword, type Passwords } from '../domain/accounts/passwords.js';

const Credentials = z.array(z.object({ username: z.string(), password: z.string(), passwordHash: z.string() }));

/** `passwordHash` matches the database until that password is changed. */
export type Credentials = z.infer<typeof Credentials>;

export interface KeptPasswords {
  /** @returns undefined if there are none, or the file is damaged */
  read(): Credentials | undefined;
  make(usernames: readonly string[], hash: Passwords['hash']): Promise<Credentials>;
}

const NAME = 'demo-passwords.json';
const ONLY_OWNER = 0o600;

/** @param folder used by nobody else meanwhile */
export const keptDemoPasswords = (folder: string): KeptPasswords => {
  const path = join(folder, NAME);
  return {
    read: () => {
      try {
        return Credentials.parse(JSON.parse(readFileSync(path, 'utf8')));
      } catch {
        return undefined;
      }
    },

    make: async (usernames, hash) => {
      const credentials = await Promise.all(
        usernames.map(async (username) => {
          const password = generatePassword();
          return { username, password, passwordHash: await hash(password) };
        }),
      );
      // The file never has its final name while half written.
      const file = openSync(`${path}.unfinished`, 'w', ONLY_OWNER);
      try {
        writeSync(file, `${JSON.stringify(credentials, null, 2)}\n`);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(`${path}.unfinished`, path);
      return credentials;
    },
  };
};
