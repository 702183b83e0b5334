import { expect, it } from 'vitest';
import { PARLEY } from '../../support/program.js';
import { serverProcess, type ServerProcess } from '../../support/server-process.js';
import { onTerminal, type Terminal } from '../../support/terminal.js';

const PATIENCE = { timeout: 30_000, interval: 100 };

const signIn = async (server: ServerProcess, username: string, chat?: string): Promise<Terminal> => {
  const wanted = chat === undefined ? [] : ['--chat', chat];
  const terminal = onTerminal([PARLEY, 'chat', '--url', server.url, '--as', username, ...wanted]);
  await expect.poll(terminal.text, PATIENCE).toContain(`Password of ${username}:`);
  terminal.type(`${server.passwordOf(username)}\r`);
  return terminal;
};

/** The conversation as it is on the screen: `#12 ada: text`, one line each. */
const conversationOf = (terminal: Terminal) => terminal.lines().filter((line) => /^#\d+ /.test(line));

it('S2.18 two people talk through a kill and a restart of the server: nothing missing, nothing doubled', async () => {
  const server = await serverProcess();
  const maria = await signIn(server, 'maria', 'Summer festival');
  const boris = await signIn(server, 'boris', 'Summer festival');
  const both = [maria, boris];
  for (const { text } of both) await expect.poll(text, PATIENCE).toMatch(/^#\d+ /m);
  const said: string[] = [];
  const say = (who: Terminal, text: string) => {
    said.push(text);
    who.type(`${text}\r`);
  };

  say(maria, 'before the kill, by maria');
  say(boris, 'before the kill, by boris');
  for (const { text } of both) await expect.poll(text, PATIENCE).toContain('before the kill, by boris');
  say(maria, 'in flight');
  await server.kill('SIGKILL');
  await expect.poll(maria.text, PATIENCE).toContain('away from the server');
  say(maria, 'while away, by maria');
  say(boris, 'while away, by boris');
  await expect.poll(maria.text, PATIENCE).toMatch(/while away, by maria {2}… sending/);
  await server.start();
  for (const { text } of both) {
    await expect.poll(text, PATIENCE).toMatch(/#\d+ maria: while away, by maria/);
    await expect.poll(text, PATIENCE).toMatch(/#\d+ boris: while away, by boris/);
  }
  say(boris, 'after the restart');
  for (const { text } of both) await expect.poll(text, PATIENCE).toMatch(/#\d+ boris: after the restart/);

  for (const terminal of both) {
    const shown = conversationOf(terminal);
    for (const text of said) expect(shown.filter((line) => line.includes(text))).toHaveLength(1);
    const seqs = shown.map((line) => Number(/^#(\d+)/.exec(line)![1]));
    expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
    expect(terminal.text()).not.toContain('… sending');
  }
  expect(conversationOf(maria)).toEqual(conversationOf(boris));
}, 120_000);

// S2.4 S2.8 S2.9
it('shows chats with unread counts, typing, edits and deletions, and reads what it opens', async () => {
  const server = await serverProcess();
  const maria = await signIn(server, 'maria');
  await expect.poll(maria.text, PATIENCE).toMatch(/\d+\. Summer festival/);
  maria.type('/open Summer festival\r');
  const boris = await signIn(server, 'boris', 'Summer festival');
  for (const { text } of [maria, boris]) await expect.poll(text, PATIENCE).toMatch(/^#\d+ /m);

  boris.type('a first draft');
  await expect.poll(maria.text, PATIENCE).toContain('boris typing');
  boris.type('\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/#\d+ boris: a first draft/);
  boris.type('/edit the final word\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/#\d+ boris: the final word \(edited\)/);
  boris.type('/delete\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/#\d+ boris: \(deleted\)/);
  maria.type('/chats\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/\d+\. Summer festival/);
  expect(maria.text()).not.toMatch(/Summer festival \(\d+ unread\)/);
  boris.type('one more\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/Summer festival \(1 unread\)/);
  maria.type('/quit\r');

  expect(await maria.exited).toBe(0);
}, 120_000);

it('T60 finds messages by their words, in one chat and in all', async () => {
  const server = await serverProcess();
  const maria = await signIn(server, 'maria', 'Summer festival');
  await expect.poll(maria.text, PATIENCE).toMatch(/^#\d+ /m);
  maria.type('Three purple elephants\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/#\d+ maria: Three purple elephants/);
  for (let line = 0; line < 40; line += 1) maria.type(`line ${line}\r`);
  await expect.poll(maria.text, PATIENCE).toMatch(/#\d+ maria: line 39/);

  maria.type('/search elephant PURP\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/^#\d+ \S+ \S+ maria: Three purple elephants/m);
  maria.type('\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/#\d+ maria: line 39/);
  maria.type('/chats\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/\d+\. Summer festival/);
  maria.type('/search elephant\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/^Summer festival #\d+ \S+ \S+ maria: Three purple elephants/m);
  maria.type('/search zebra crossing\r');
  await expect.poll(maria.text, PATIENCE).toContain('Nothing found');
}, 120_000);

it('says in one line what is wrong with the name, the password or the server, and ends', async () => {
  const server = await serverProcess();
  const stranger = onTerminal([PARLEY, 'chat', '--url', server.url, '--as', 'nobody']);
  await expect.poll(stranger.text, PATIENCE).toContain('Password of nobody:');
  stranger.type('whatever\r');
  const code = await stranger.exited;
  await server.kill('SIGTERM');
  const late = onTerminal([PARLEY, 'chat', '--url', server.url, '--as', 'nobody']);
  await expect.poll(late.text, PATIENCE).toContain('Password of nobody:');
  late.type('whatever\r');

  expect([code, await late.exited]).toEqual([77, 69]);
  await expect.poll(stranger.text).toContain('Username or password is wrong');
  await expect.poll(late.text).toContain('cannot be reached');
}, 120_000);

it('S3.18 shows all kinds of chat by what they are, and writes in a match, which opening it joins', async () => {
  const server = await serverProcess();
  const olga = await signIn(server, 'olga');
  const maria = await signIn(server, 'maria');
  await expect.poll(olga.text, PATIENCE).toMatch(/Печи и пироги × .* \[match\]/);
  await expect.poll(olga.text, PATIENCE).toContain('Мука, 96 кг [order]');
  await expect.poll(maria.text, PATIENCE).toContain('dana [relation]');

  olga.type('/open Печи\r');
  await expect.poll(olga.text, PATIENCE).toMatch(/#\d+ yusuf: With apple, please/);
  olga.type('Deal!\r');

  await expect.poll(olga.text, PATIENCE).toMatch(/#\d+ olga: Deal!/);
}, 120_000);
