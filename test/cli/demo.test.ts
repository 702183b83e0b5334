import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/db/open.js';
import { accountNode, somewhere } from '../support/accounts.js';
import { contentOf } from '../support/content.js';
import { testDatabase } from '../support/database.js';
import { parley, settingsFor } from '../support/parley.js';

const fill = async (seed: number) => {
  const { config, drop } = await testDatabase();
  onTestFinished(drop);
  const args = ['demo', '--users', '12', '--chats', '8', '--messages', '700', '--seed', String(seed)];
  const ended = await parley(args, { env: settingsFor(config) });
  const db = await openDatabase(config);
  onTestFinished(() => db.close());
  return { ...ended, db, content: await contentOf(db) };
};

describe('parley demo', () => {
  it('fills a database with the same content for the same seed', async () => {
    const [one, same, other] = [await fill(5), await fill(5), await fill(6)];

    expect(one.code).toBe(0);
    expect(one.out).toMatch(/^Created 12 users, 8 chats and 700 messages in [\d.]+ s \([\d,]+ messages a second\)$/m);
    expect(one.content.messages).toHaveLength(700);
    expect(same.content).toEqual(one.content);
    expect(other.content).not.toEqual(one.content);
    // Three processes, one after the other.
  }, 90_000);

  it('tells a password by which everyone in it can sign in', async () => {
    const { out, db } = await fill(5);
    const [, username, password] = /^Password of every user, (\S+) included: (\S+)$/m.exec(out)!;

    const { accounts } = await accountNode(db);

    const { user } = await accounts.logIn({ username: username!, password: password! }, somewhere);
    expect(user.role).toBe('ADMIN');
  });
});
