import { describe, expect, it } from 'vitest';
import type { Database } from '../../../src/db/database.js';
import { djangoHashProblem, isDjangoHash, isUnusable } from '../../../src/domain/accounts/django-passwords.js';
import { InvalidCredentialsError } from '../../../src/domain/errors.js';
import { createPasswords } from '../../../src/domain/accounts/passwords.js';
import { accountNode, somewhere } from '../../support/accounts.js';
import { errorOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const password = 'the old пароль';

/** Of that password; the first three made by Python, as Django does. */
const hashes = {
  pbkdf2_sha256: 'pbkdf2_sha256$60000$seasalt123456789abcdef$TX8j11nttYgiQ8BxCZ+UqejoJvImKHaG6RWi/Z3dyzY=',
  bcrypt: 'bcrypt$$2b$04$abcdefghijklmnopqrstuuota0WVUG0jBWLYJO2boI1PGRXpkIWiq',
  bcrypt_sha256: 'bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuu1rprx9xfJUyppN5uNAmftAJ6eGJRMh.',
  argon2id: 'argon2$argon2id$v=19$m=1024,t=2,p=8$ZM/3C6g2UaKlQNUngp4qJQ$+wdjTuuUHckN8Ngn4EB7bcTWO+m3uJ7EBgGHGVk/H/o',
  argon2i: 'argon2$argon2i$v=19$m=512,t=2,p=2$RSng4Pvi0V2grscl2QM1YA$m6FpzMPefDAyqz271fgNQf6dLHfRNzs54KYpH/widyE',
};

const database = ownDatabase();
let count = 0;

/** Somebody brought in with a hash; by their username. */
const someoneWith = async (db: Database, hash: string): Promise<string> => {
  const username = `old.user+${(count += 1)}@example.org`;
  await db.query(
    `INSERT INTO "user" (username, username_key, email, email_key, password_hash) VALUES ($1, $1, $1, $1, $2)`,
    [username, hash],
  );
  return username;
};

const hashOf = async (db: Database, username: string) =>
  (await db.query<{ hash: string }>(`SELECT password_hash AS hash FROM "user" WHERE username = $1`, [username]))[0]!
    .hash;

describe("Django's password hashes", () => {
  it.each(Object.entries(hashes))('are understood: %s', async (_name, hash) => {
    const passwords = createPasswords();

    expect(djangoHashProblem(hash)).toBeUndefined();
    expect(isDjangoHash(hash)).toBe(true);
    expect(await passwords.verify(hash, password)).toBe(true);
    expect(await passwords.verify(hash, `${password}.`)).toBe(false);
  });

  it('are compared with the password as it was typed, and as we compose it', async () => {
    const passwords = createPasswords();

    expect(await passwords.verify(hashes.pbkdf2_sha256, password.normalize('NFD'))).toBe(true);
  });

  it.each([
    ['pbkdf2_sha256$5000001$salt$TX8j11nttYgiQ8BxCZ+UqejoJvImKHaG6RWi/Z3dyzY=', /iterations 5000001/],
    ['argon2$argon2id$v=19$m=1048576,t=2,p=8$ZM/3C6g2UaKlQNUngp4qJQ$+wdjTuuUHckN8Ngn4EB7bcTWO', /memoryKib 1048576/],
    ['argon2$argon2id$v=19$m=1024,t=11,p=8$ZM/3C6g2UaKlQNUngp4qJQ$+wdjTuuUHckN8Ngn4EB7bcTWO', /passes 11/],
    ['bcrypt$$2b$31$abcdefghijklmnopqrstuuota0WVUG0jBWLYJO2boI1PGRXpkIWiq', /cost 31/],
    ['pbkdf2_sha256$0$salt$TX8j11nttYgiQ8BxCZ+UqejoJvImKHaG6RWi/Z3dyzY=', /not a hash/],
    ['pbkdf2_sha256$60000$salt', /not a hash/],
    ['md5$salt$0123456789abcdef0123456789abcdef', /of a kind other than/],
    ['the password itself', /of a kind other than/],
  ])('are refused where they cannot be read or cost too much: %s', (hash, problem) => {
    expect(djangoHashProblem(hash)).toMatch(problem);
  });

  it('say where nobody can sign in', () => {
    expect(isUnusable('!lCM1UwkVLrFk3uHTIaBR')).toBe(true);
    expect(isUnusable(hashes.bcrypt)).toBe(false);
  });
});

describe('Signing in for the first time after moving in', () => {
  it.each(Object.entries(hashes))('takes the old password and keeps it as ours: %s', async (_name, hash) => {
    const db = database.current;
    const { accounts, sessions } = await accountNode(db);
    const username = await someoneWith(db, hash);
    const wrong = await errorOf(accounts.logIn({ username, password: 'another' }, somewhere));

    const { session } = await accounts.logIn({ username: username.toUpperCase(), password }, somewhere);

    expect(wrong).toBeInstanceOf(InvalidCredentialsError);
    expect(await sessions.authenticate(session.accessToken)).not.toBeNull();
    expect(await hashOf(db, username)).toMatch(/^\$argon2id\$v=19\$m=19456/);
    expect((await accounts.logIn({ username, password }, somewhere)).user.username).toBe(username);
  });

  it('works from several devices at once', async () => {
    const db = database.current;
    const { accounts } = await accountNode(db);
    const username = await someoneWith(db, hashes.bcrypt);

    const signedIn = await Promise.all([1, 2, 3].map(() => accounts.logIn({ username, password }, somewhere)));

    expect(new Set(signedIn.map(({ session }) => session.sessionId)).size).toBe(3);
  });

  it('is refused where the password is changed at that moment, which stays as it was changed', async () => {
    const db = database.current;
    const { accounts } = await accountNode(db);
    const username = await someoneWith(db, hashes.bcrypt);
    let isChanged = false;
    // Changed after the old hash was read.
    const slow: Database = {
      ...db,
      query: async (sql, params) => {
        const rows = await db.query(sql, params);
        if (!isChanged && sql.includes('password_hash AS "passwordHash"')) {
          isChanged = true;
          await db.query(`UPDATE "user" SET password_hash = $2 WHERE username = $1`, [username, changed]);
        }
        return rows as never;
      },
    };
    const changed = await createPasswords().hash('a new password');
    const node = await accountNode(slow);

    const refused = await errorOf(node.accounts.logIn({ username, password }, somewhere));

    expect(refused).toBeInstanceOf(InvalidCredentialsError);
    expect(await hashOf(db, username)).toBe(changed);
    expect((await accounts.logIn({ username, password: 'a new password' }, somewhere)).user.username).toBe(username);
  });

  it('leaves names that only those have to them', async () => {
    const { accounts } = await accountNode(database.current);
    const input = { username: 'old.user@example.org', password, email: 'x@example.org' };

    const refused = await errorOf(accounts.register(input, somewhere));

    expect(refused).toMatchObject({ fields: [{ path: ['username'] }] });
  });
});
