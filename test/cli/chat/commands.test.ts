import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { PARLEY } from '../../support/program.js';
import { serverProcess, type ServerProcess } from '../../support/server-process.js';
import { onTerminal, type Terminal } from '../../support/terminal.js';

const PATIENCE = { timeout: 30_000, interval: 100 };

const signIn = async (server: ServerProcess, username: string, chat: string): Promise<Terminal> => {
  // Wide enough for the link of a file on one line.
  const terminal = onTerminal([PARLEY, 'chat', '--url', server.url, '--as', username, '--chat', chat], {
    columns: 250,
  });
  await expect.poll(terminal.text, PATIENCE).toContain(`Password of ${username}:`);
  terminal.type(`${server.passwordOf(username)}\r`);
  await expect.poll(terminal.text, PATIENCE).toMatch(/^#\d+ /m);
  return terminal;
};

/** Types it, and waits for the message. @returns its number */
const say = async (terminal: Terminal, text: string): Promise<string> => {
  terminal.type(`${text}\r`);
  const shown = new RegExp(`#(\\d+) \\w+: ${text}`);
  await expect.poll(terminal.text, PATIENCE).toMatch(shown);
  return shown.exec(terminal.text())![1]!;
};

it('two people reply, react, mention and pin, and each sees it at once', async () => {
  const server = await serverProcess();
  const maria = await signIn(server, 'maria', 'Summer festival');
  const boris = await signIn(server, 'boris', 'Summer festival');

  const seq = await say(maria, 'Shall we dance');
  boris.type(`/reply #${seq} Yes, @maria\r`);
  await expect.poll(maria.text, PATIENCE).toMatch(/↪ maria: Shall we dance\n#\d+ boris: Yes, @maria/);
  await expect.poll(maria.text, PATIENCE).toContain('boris mentions you');
  boris.type(`/react #${seq} 👍\r`);
  await expect.poll(maria.text, PATIENCE).toMatch(/maria: Shall we dance {2}👍 1/);
  maria.type(`/react #${seq} 👍\r`);
  await expect.poll(boris.text, PATIENCE).toMatch(/maria: Shall we dance {2}👍 2/);
  boris.type(`/react #${seq} 👍\r`);
  await expect.poll(maria.text, PATIENCE).toMatch(/maria: Shall we dance {2}👍 1/);
  maria.type(`/pin #${seq}\r`);
  await expect.poll(boris.text, PATIENCE).toMatch(/maria: Shall we dance {2}📌 {2}👍 1/);
  await expect.poll(boris.text, PATIENCE).toContain(`maria pinned #${seq}`);
  maria.type(`/unpin #${seq}\r`);
  await expect.poll(boris.text, PATIENCE).toMatch(/maria: Shall we dance {2}👍 1/);
  boris.type('/react #999999 👍\r');
  await expect.poll(boris.text, PATIENCE).toContain('There is no such message here');
}, 120_000);

it('sends a file, which the link that the other sees gives back', async () => {
  const server = await serverProcess();
  const maria = await signIn(server, 'maria', 'Summer festival');
  const boris = await signIn(server, 'boris', 'Summer festival');
  const folder = mkdtempSync(join(tmpdir(), 'parley-file-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'to do.txt');
  writeFileSync(path, 'Flour, barrels, plan');

  maria.type(`/send "${path}" For tomorrow\r`);
  await expect.poll(boris.text, PATIENCE).toMatch(/maria: For tomorrow\n {3}\[to do\.txt, file, 20 B\]\nhttp/);
  const url = /to do\.txt, file, 20 B\]\n(http\S+)/.exec(boris.text())![1]!;
  maria.type('/send /nowhere/at-all\r');

  expect(await (await fetch(url)).text()).toBe('Flour, barrels, plan');
  await expect.poll(maria.text, PATIENCE).toContain('ENOENT');
}, 120_000);

it('shows open groups and joins one, and lets in with an invite', async () => {
  const server = await serverProcess();
  const maria = await signIn(server, 'maria', 'Summer festival');
  const yusuf = await signIn(server, 'yusuf', 'Печи');

  yusuf.type('/open\r');
  await expect.poll(yusuf.text, PATIENCE).toMatch(/Announcements \(7 members\) {2}What everybody should know/);
  yusuf.type('/join Announcements\r');
  await expect.poll(yusuf.text, PATIENCE).toContain('yusuf · Announcements');
  maria.type('/invite\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/\/accept \S{20,}/);
  yusuf.type(`${/\/accept \S+/.exec(maria.text())![0]}\r`);
  await expect.poll(yusuf.text, PATIENCE).toContain('yusuf · Summer festival');
  yusuf.type('/accept nonsense\r');
  await expect.poll(yusuf.text, PATIENCE).toMatch(/no.* invite|invite.* no/i);
}, 120_000);

it('mutes, archives and blocks, and takes each back', async () => {
  const server = await serverProcess();
  const maria = await signIn(server, 'maria', 'Summer festival');

  maria.type('/mute\r');
  await expect.poll(maria.text, PATIENCE).toContain('Muted: its messages');
  maria.type('/chats\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/Summer festival \[muted\]/);
  maria.type('/open Summer festival\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/^#\d+ /m);
  maria.type('/unmute\r');
  await expect.poll(maria.text, PATIENCE).toContain('Not muted any longer');
  maria.type('/archive\r');
  await expect.poll(maria.text, PATIENCE).toContain('Archived: out of your chats');
  maria.type('/unarchive\r');
  await expect.poll(maria.text, PATIENCE).toContain('Back in your chats');
  maria.type('/block chen\r');
  await expect.poll(maria.text, PATIENCE).toContain('chen is blocked');
  maria.type('/unblock chen\r');
  await expect.poll(maria.text, PATIENCE).toContain('chen is not blocked any longer');
  maria.type('/block nobody-here\r');
  await expect.poll(maria.text, PATIENCE).toContain('There is nobody called nobody-here');
  maria.type('/chats\r');
  await expect.poll(maria.text, PATIENCE).toMatch(/\d+\. Summer festival {2}/);
}, 120_000);
