import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/db/open.js';
import { contentOf } from '../support/content.js';
import { temporaryFolder, testDatabase, type TestDatabase } from '../support/database.js';
import { company, type GivenLine } from '../support/import.js';
import { logProblems } from '../support/log-problems.js';
import { NODE_ARGS } from '../support/node-args.js';
import { inherited, PARLEY, parley, programOf, settingsFor } from '../support/parley.js';

const aDatabase = async (): Promise<TestDatabase['config']> => {
  const { config, drop } = await testDatabase();
  onTestFinished(drop);
  return config;
};

const fileOf = (lines: readonly GivenLine[]): string => {
  const path = join(temporaryFolder(), 'old.jsonl');
  writeFileSync(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return path;
};

const contentIn = async (config: TestDatabase['config'], { isChecked = true } = {}) => {
  const db = await openDatabase(config);
  try {
    return { content: await contentOf(db), problems: isChecked ? await logProblems(db) : [] };
  } finally {
    await db.close();
  }
};

/** Some chats of some messages each, more than fit one transaction. */
const manyLines = (): GivenLine[] => [
  { type: 'user', id: 1, username: 'ada', email: 'ada@example.org', createdAt: '2024-01-01T00:00:00Z' },
  { type: 'user', id: 2, username: 'boris', email: 'boris@example.org', createdAt: '2024-01-01T00:00:00Z' },
  ...Array.from({ length: 7 }, (_chat, chat) => [
    { type: 'chat', id: chat, kind: 'GROUP', name: `Chat ${chat}`, createdAt: '2024-01-01T00:00:00Z' },
    { type: 'member', chat, user: 1, lastReadMessage: `${chat}/500` },
    { type: 'member', chat, user: 2, isAllRead: true },
    ...Array.from({ length: 900 }, (_message, message) => ({
      type: 'message',
      id: `${chat}/${message}`,
      chat,
      sender: 1 + (message % 2),
      text: `${chat} ${message}`,
      createdAt: new Date(Date.UTC(2024, 1, 1) + 1000 * message).toISOString(),
      isEdited: message % 100 === 0,
    })),
  ]).flat(),
];

describe('parley import', { timeout: 120_000 }, () => {
  it('says what it added, and what was there', async () => {
    const env = settingsFor(await aDatabase());
    const path = fileOf(company);

    const dry = await parley(['import', path, '--dry-run'], { env });
    const first = await parley(['import', path], { env });
    const second = await parley(['import', path], { env });

    const all = '4 users, 2 brands, 2 relations, 3 chats, 6 members, 9 messages';
    expect(dry).toEqual({ code: 0, out: `Would add: ${all}\n`, err: '' });
    expect(first).toEqual({ code: 0, out: `Added: ${all}\n`, err: '' });
    expect(second).toEqual({ code: 0, out: `Added: nothing\nWere already here: ${all}\n`, err: '' });
  });

  it('reads standard input', async () => {
    const config = await aDatabase();
    const child = spawn(process.execPath, [...NODE_ARGS, PARLEY, 'import', '-'], {
      cwd: temporaryFolder(),
      env: { ...inherited(), ...settingsFor(config) },
      stdio: ['pipe', 'ignore', 'inherit'],
    });

    child.stdin.end(company.map((line) => JSON.stringify(line)).join('\r\n'));

    expect(await once(child, 'close')).toEqual([0, null]);
    expect((await contentIn(config)).content.messages).toHaveLength(9);
  });

  it('names bad lines by their numbers, with code 65, whatever is in them', async () => {
    const env = settingsFor(await aDatabase());
    const path = join(temporaryFolder(), 'old.jsonl');
    const good = JSON.stringify(company[0]);
    const lines = [good, '', '{', JSON.stringify({ type: 'user', id: 2, username: 'ü'.repeat(600_000) }), good];
    writeFileSync(path, Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0x22, 0xff, 0x22])]));

    const { code, out, err } = await parley(['import', path], { env });

    expect({ code, out }).toEqual({ code: 65, out: '' });
    expect(err).toBe(
      [
        'line 3: is no JSON',
        'line 4: is no UTF-8, or longer than 1 MiB',
        'line 5: id: line 1 has the same',
        'line 6: is no UTF-8, or longer than 1 MiB',
        'parley: 4 lines are bad; nothing was imported',
        '',
      ].join('\n'),
    );
  });

  it('says that a file cannot be read, with code 66', async () => {
    const { code, err } = await parley(['import', '/nonexistent/old.jsonl'], { env: { DATA_DIR: temporaryFolder() } });

    expect(code).toBe(66);
    expect(err).toMatch(/^parley: Cannot read \/nonexistent\/old\.jsonl: [^\n]*\n$/);
  });

  it('goes on after a kill -9, and comes to the same end', async () => {
    const [config, whole] = [await aDatabase(), await aDatabase()];
    const path = fileOf(manyLines());
    const program = programOf('import-and-die');
    const counts: number[] = [];

    // In the middle of the people, of the first chats, and of others.
    for (const statement of ['2', '8', '13']) {
      const args = [...NODE_ARGS, program, path, statement, config.dataDir, config.databaseUrl ?? ''];
      const child = spawn(process.execPath, args, { stdio: 'inherit' });
      expect(await once(child, 'close')).toEqual([null, 'SIGKILL']);
      const { content } = await contentIn(config, { isChecked: false });
      counts.push(content.messages.length);
    }
    await parley(['import', path], { env: settingsFor(config) });
    await parley(['import', path], { env: settingsFor(whole) });

    expect(counts[0]).toBe(0);
    expect(counts.at(-1)).toBeGreaterThan(0);
    expect(counts.at(-1)).toBeLessThan(6300);
    const { content, problems } = await contentIn(config);
    expect(content.messages).toHaveLength(6300);
    expect(content).toEqual((await contentIn(whole)).content);
    expect(problems).toEqual([]);
  });
});
