/** The example apps as people copy them: built, and used by two people in two browsers while their server dies and comes back. */
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page, WebSocketRoute } from 'playwright-core';
import { build, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/log/cursor.js';
import { launchBrowser } from '../support/browser.js';
import { temporaryFolder } from '../support/database.js';
import { upTo } from '../support/sent.js';
import { serverProcess, type ServerProcess } from '../support/server-process.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const PATIENCE = { timeout: 60_000, interval: 50 };
const CHAT = 'Summer festival';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** Built for that server, from the client's source, and served. */
const serveApp = async (name: string, server: ServerProcess): Promise<string> => {
  const config = {
    root: `${root}/examples/${name}`,
    logLevel: 'error',
    define: { 'import.meta.env.VITE_PARLEY_URL': JSON.stringify(`${server.url}/graphql`) },
    resolve: {
      alias: [
        { find: /^@parley-chat\/client\/(\w+\.json)$/, replacement: `${root}/packages/client/$1` },
        { find: /^@parley-chat\/client\/([\w-]+)$/, replacement: `${root}/packages/client/src/$1.ts` },
      ],
    },
    build: { outDir: temporaryFolder(), emptyOutDir: true },
  } as const;
  await build(config);
  const served = await preview({ ...config, preview: { host: '127.0.0.1', port: 0 } });
  onTestFinished(() => served.close());
  return served.resolvedUrls!.local[0]!;
};

/** Somebody at their screen. */
const openApp = async (url: string, username: string, password: string) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    // That a socket cannot be opened while the server is away is no fault of the page's.
    if (message.type() === 'error' && !message.text().includes('WebSocket connection')) problems.push(message.text());
  });
  let socket: WebSocketRoute | undefined;
  let isPlaceLost = false;
  await page.routeWebSocket(/./, (route) => {
    socket = route;
    const upstream = route.connectToServer();
    route.onMessage((message) => {
      const isLost = isPlaceLost && message.includes('"after":[');
      upstream.send(isLost ? ofAnotherPast(String(message)) : message);
      if (isLost) isPlaceLost = false;
    });
  });
  await page.goto(url);
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect.poll(() => stateOf(page), PATIENCE).toBe('Connected');

  const listed = (title: string) => page.locator('.inbox > button', { hasText: title });
  return {
    page,
    problems,
    listed,
    /** Follows from where no server has been, and is told to read again. */
    loseItsPlace: async () => {
      isPlaceLost = true;
      await socket!.close();
      await expect.poll(() => isPlaceLost, PATIENCE).toBe(false);
    },
    open: async (title: string) => {
      await listed(title).click();
      await expect.poll(() => page.locator('.bubble').count(), PATIENCE).toBeGreaterThan(0);
    },
    write: async (text: string) => {
      await page.getByPlaceholder('Message').fill(text);
      await page.getByPlaceholder('Message').press('Enter');
    },
  };
};

/** The cursors in what a client says. */
const ofAnotherPast = (message: string): string =>
  JSON.stringify(JSON.parse(message), (key, value: unknown) =>
    key === 'after' && Array.isArray(value)
      ? value.map((cursor: string) => {
          const place = decodeCursor(cursor)!;
          return encodeCursor({ ...place, mark: place.mark ^ 1 });
        })
      : value,
  );

const stateOf = (page: Page) => page.getByRole('status').textContent();
const textsOf = (page: Page) => page.locator('.bubble p').allTextContents();
const seqsOf = async (page: Page) =>
  (await page.locator('.bubble').evaluateAll((bubbles) => bubbles.map((one) => one.getAttribute('data-seq')))).map(
    Number,
  );
const badgeOf = async (chat: Locator) => (await chat.locator('.badge').allTextContents())[0] ?? '0';

describe.each(['react-apollo', 'react-urql'])('examples/%s', (name) => {
  it('loses nothing and doubles nothing while the server is killed, and says what is going on', async () => {
    const server = await serverProcess();
    const url = await serveApp(name, server);
    const [maria, boris] = (await Promise.all(
      ['maria', 'boris'].map((username) => openApp(url, username, server.passwordOf(username))),
    )) as [Awaited<ReturnType<typeof openApp>>, Awaited<ReturnType<typeof openApp>>];
    await Promise.all([maria.open(CHAT), boris.open(CHAT)]);

    // All that was said before, page by page.
    const toTheTop = async () => {
      await maria.page.locator('.scroll').evaluate((list) => list.scrollTo(0, -list.scrollHeight));
      return maria.page.getByRole('button', { name: 'Older messages' }).count();
    };
    await expect.poll(toTheTop, PATIENCE).toBe(0);
    expect((await textsOf(maria.page))[0]).toContain('This is the room for the summer festival');
    const before = await seqsOf(maria.page);
    expect(before).toEqual([...new Set(before)].sort((one, other) => one - other));

    await maria.page.getByPlaceholder('Message').pressSequentially('Hello');
    await expect.poll(() => boris.listed(CHAT).textContent(), PATIENCE).toContain('is typing…');
    await maria.page.getByPlaceholder('Message').press('Enter');
    await expect.poll(async () => (await textsOf(boris.page)).at(-1), PATIENCE).toBe('Hello');

    // Both write while it is away.
    await server.kill('SIGKILL');
    await expect
      .poll(() => Promise.all([maria, boris].map(({ page }) => stateOf(page))), PATIENCE)
      .toEqual(['Away', 'Away']);
    for (const n of upTo(3)) {
      await maria.write(`maria ${n}`);
      await boris.write(`boris ${n}`);
    }
    expect(await maria.page.getByText('Sending…').count()).toBe(3);
    await server.start();

    for (const { page } of [maria, boris]) {
      await expect.poll(() => stateOf(page), PATIENCE).toBe('Connected');
      await expect
        .poll(async () => (await seqsOf(page)).slice(-7), PATIENCE)
        .toEqual(upTo(7).map((n) => before.at(-1)! + n));
      expect(await page.getByText('Sending…').count()).toBe(0);
    }
    const said = (await textsOf(maria.page)).slice(-7);
    expect((await textsOf(boris.page)).slice(-7)).toEqual(said);
    for (const who of ['maria', 'boris'])
      expect(said.filter((text) => text.startsWith(who))).toEqual(upTo(3).map((n) => `${who} ${n}`));
    expect(await seqsOf(maria.page)).toEqual([...before, ...upTo(7).map((n) => before.at(-1)! + n)]);

    // One is elsewhere, and is told how much is unread.
    await expect.poll(() => badgeOf(boris.listed(CHAT)), PATIENCE).toBe('0');
    await boris.page.locator('.inbox > button', { hasNotText: CHAT }).first().click();
    await server.kill('SIGKILL');
    await maria.write('while you were');
    await maria.write('somewhere else');
    await server.start();
    await expect.poll(() => badgeOf(boris.listed(CHAT)), PATIENCE).toBe('2');
    expect(await boris.listed(CHAT).textContent()).toContain('somewhere else');
    expect(await boris.page.locator('.inbox > button').first().textContent()).toContain(CHAT);
    await boris.open(CHAT);
    await expect.poll(() => badgeOf(boris.listed(CHAT)), PATIENCE).toBe('0');
    expect((await textsOf(boris.page)).slice(-2)).toEqual(['while you were', 'somewhere else']);

    // What the server refuses stays, with its reason.
    await maria.write('x'.repeat(1001));
    await expect.poll(() => maria.page.locator('.bubble.failed').textContent(), PATIENCE).toContain('at most 1000');

    expect([...maria.problems, ...boris.problems]).toEqual([]);
  }, 240_000);

  it('reads a chat again whose past it cannot know, with older messages on the screen', async () => {
    const server = await serverProcess();
    const url = await serveApp(name, server);
    const [maria, boris] = await Promise.all(
      ['maria', 'boris'].map((username) => openApp(url, username, server.passwordOf(username))),
    );
    await Promise.all([maria!.open(CHAT), boris!.open(CHAT)]);
    await expect
      .poll(async () => {
        await maria!.page.locator('.scroll').evaluate((list) => list.scrollTo(0, -list.scrollHeight));
        return (await seqsOf(maria!.page)).length;
      }, PATIENCE)
      .toBeGreaterThan(30);

    await maria!.loseItsPlace();
    await boris!.write('You have missed this');

    await expect.poll(async () => (await textsOf(maria!.page)).at(-1), PATIENCE).toBe('You have missed this');
    // As somebody has it who lost nothing; and what is older is older.
    const [seqs, whole] = [await seqsOf(maria!.page), await seqsOf(boris!.page)];
    const most = Math.min(seqs.length, whole.length);
    expect(most).toBeGreaterThan(20);
    expect(seqs.slice(-most)).toEqual(whole.slice(-most));
    expect(seqs).toEqual([...new Set(seqs)].sort((one, other) => one - other));
  }, 120_000);
});
