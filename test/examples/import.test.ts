/** What the five exporters write, brought in by the command and read as its people would. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { databaseWithAdmin, startNode, type TestNode } from '../support/node.js';
import { HomeDocument, type HomeQuery } from '../support/generated/operations.js';
import { parley, settingsFor } from '../support/parley.js';
import { signIn, type Person } from '../support/people.js';

const folder = fileURLToPath(new URL('../../examples/import/', import.meta.url));

type Home = HomeQuery;
type Chat = NonNullable<Home['chats']>['nodes'][number];

/** A node on a database into which a sample was brought. */
const movedIn = async (sample: string): Promise<{ node: TestNode; out: string }> => {
  const { config, drop } = await databaseWithAdmin();
  const { code, out, err } = await parley(['import', `${folder}${sample}.jsonl`], { env: settingsFor(config) });
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const node = await startNode(config);
  onTestFinished(async () => {
    await node.stop();
    await drop();
  });
  return { node, out };
};

/** Signed in with the password that they had. */
const signInAs = (node: TestNode, username: string): Promise<Person> =>
  signIn(node, username, `old password of ${username}`);

const homeOf = async (node: TestNode, username: string): Promise<Home> =>
  (await signInAs(node, username)).ask(HomeDocument, {});

const textsOf = (chat: Chat | undefined) => chat?.messages.nodes.map(({ text }) => text);
const membersOf = (chat: Chat | undefined) => chat?.members.nodes.map(({ user }) => user.username).sort();
const chatsOf = ({ chats }: Home) => chats!.nodes;

// Each starts a process and a server.
describe('Moving in from', { timeout: 90_000 }, () => {
  it('S0 a support chat keeps relations, the ended one closed, and what both sides wrote', async () => {
    const { node, out } = await movedIn('manager_client');

    const [olga, ivan] = [await homeOf(node, 'olga@support'), await homeOf(node, 'ivan')];

    expect(out).toBe('Added: 4 users, 2 relations, 4 members, 4 messages\n');
    expect(olga).toMatchObject({ viewer: { role: 'MANAGER' }, unreadCount: 0 });
    expect(olga.relations?.nodes).toEqual([{ client: { username: 'ivan' } }]);
    expect(chatsOf(olga).map(({ relation, closedAt }) => [relation?.client.username, closedAt === null])).toEqual([
      ['ivan', true],
      [undefined, false],
    ]);
    expect(ivan.viewer?.firstName).toBe('Иван');
    expect(chatsOf(ivan)).toHaveLength(1);
    expect(textsOf(chatsOf(ivan)[0])).toEqual([
      'Здравствуйте! Где мой заказ?',
      'Добрый день, Иван. Он уже в пути.',
      'Спасибо!',
    ]);
    expect(chatsOf(ivan)[0]!.messages.nodes[0]!.createdAt).toBe('2023-05-01T12:00:00.512Z');
  });

  it('S1 closed groups keeps who is in which, and what was written by those who left', async () => {
    const { node } = await movedIn('closed_groups');

    const [ove, chief] = [await homeOf(node, 'ove'), await homeOf(node, 'chief')];

    expect(chatsOf(ove).map(({ name }) => name)).toEqual(['Management', 'Canteen']);
    expect(membersOf(chatsOf(ove)[1])).toEqual(['ove', 'tuva']);
    expect(textsOf(chatsOf(ove)[1])).toEqual(['Soup today?', 'Pea soup.']);
    expect(chief.viewer?.role).toBe('ADMIN');
    expect(chatsOf(chief).map(({ name }) => name)).toEqual(['Management']);
    await expect(signInAs(node, 'leif')).rejects.toThrow('InvalidCredentialsError');
  });

  it('S2 chats over a socket keeps what was edited, deleted and read', async () => {
    const { node } = await movedIn('jwt_socket');

    const [amira, jonas] = [await homeOf(node, 'amira'), await homeOf(node, 'jonas')];

    expect(amira.unreadCount).toBe(2);
    expect(chatsOf(amira).map(({ kind, unreadCount }) => [kind, unreadCount])).toEqual([
      ['GROUP', 1],
      ['DIRECT', 1],
    ]);
    expect(jonas.unreadCount).toBe(2);
    const [group, dialog] = chatsOf(amira);
    expect(group!.messages.nodes[1]).toMatchObject({ text: null, isDeleted: true });
    expect(dialog!.messages.nodes[1]).toMatchObject({ text: 'In an hour', isEdited: true });
  });

  it('S3 matched brands keeps plans, rooms, and what administrators wrote in them', async () => {
    const { node } = await movedIn('brand_matches');

    const [south, moderator] = [await homeOf(node, 'south'), await homeOf(node, 'moderator')];

    expect(south.viewer?.brand).toEqual({ name: 'South Bakery', plan: 'FREE' });
    expect(chatsOf(south).map(({ kind, hasBusiness, brands }) => [kind, hasBusiness, brands.length])).toEqual([
      ['MATCH', false, 2],
      ['MATCH', true, 2],
    ]);
    expect(membersOf(chatsOf(south)[1])).toEqual(['north', 'south']);
    expect(chatsOf(south)[1]!.messages.nodes.at(-1)).toMatchObject({ sender: { username: 'moderator' } });
    expect(moderator.viewer?.role).toBe('ADMIN');
  });

  it('S4 a messenger keeps rooms by name, dialogs and chats about orders', async () => {
    const { node } = await movedIn('messenger');

    const yuki = await homeOf(node, 'yuki');

    expect(yuki.unreadCount).toBe(0);
    expect(chatsOf(yuki).map(({ kind, slug, orderRef }) => [kind, slug ?? orderRef])).toEqual([
      ['DIRECT', null],
      ['GROUP', 'book-club'],
      ['ORDER', '1042'],
    ]);
    expect(textsOf(chatsOf(yuki)[0])).toEqual(['Want a lift?', 'Yes please']);
    expect(textsOf(chatsOf(yuki)[2])).toEqual(['Can it come on Monday?', 'It can.']);
  });
});

describe('The exporters', () => {
  const files = readdirSync(folder);
  const names = files.flatMap((file) => /^export_(\w+)\.py$/.exec(file)?.[1] ?? []);

  it('are five, each with a sample of what it writes', () => {
    expect(names).toHaveLength(5);
    for (const name of names) expect(files).toContain(`${name}.jsonl`);
    for (const name of names) {
      expect(readFileSync(`${folder}export_${name}.py`, 'utf8')).toContain(`npx parley import ${name}.jsonl`);
    }
  });

  it('are Python', ({ skip }) => {
    const program = 'import ast, sys\nfor path in sys.argv[1:]: ast.parse(open(path, encoding="utf-8").read(), path)';
    const { error, status, stderr } = spawnSync('python3', [
      '-c',
      program,
      ...names.map((name) => `${folder}export_${name}.py`),
    ]);
    if (error) skip('there is no Python here');

    expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
  });

  it('write every field that their samples have', () => {
    for (const name of names) {
      const source = readFileSync(`${folder}export_${name}.py`, 'utf8');
      const lines = readFileSync(`${folder}${name}.jsonl`, 'utf8').trim().split('\n');
      const fields = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line) as object)));
      expect([...fields].filter((field) => !new RegExp(`\\b${field}=|"${field}":`).test(source))).toEqual([]);
    }
  });
});
