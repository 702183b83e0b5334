/** GraphiQL as somebody meets it who has just started the server and never saw the API: run in each tab, from left to right. */
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from '../support/browser.js';
import { LogInDocument, SendMessageDocument } from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { serverProcess } from '../support/server-process.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** A window of its own; what it asks for and what goes wrong in it is kept. */
const openPage = async (url: string) => {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const requested: string[] = [];
  const problems: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.goto(url);
  return { page, requested, problems };
};

const PATIENCE = { timeout: 30_000, interval: 100 };

/** The answer as it is shown: what scrolls out of sight is not there, and spaces are wide ones. */
const answer = async (page: Page): Promise<string> =>
  ((await page.locator('.graphiql-response').textContent()) ?? '').replaceAll('\u00A0', ' ');

/** Goes to a tab, presses run and waits for the answer to hold `expected`. */
const runTab = async (page: Page, title: string, expected: string) => {
  await page.getByRole('tab', { name: title }).click();
  await page.getByRole('button', { name: /Execute query/ }).click();
  await expect.poll(() => answer(page), PATIENCE).toContain(expected);
};

/** That of the tabs. */
const chatIdIn = async (page: Page): Promise<string> => {
  const variables = await page.evaluate(() => {
    const { tabs } = JSON.parse(localStorage.getItem('graphiql:tabState')!) as {
      tabs: { title: string; variables: string }[];
    };
    return tabs.find((tab) => tab.title === 'Follow')!.variables;
  });
  return (JSON.parse(variables) as { chatId: string }).chatId;
};

it('pressing run in each tab in turn leads to a live conversation, with nothing from anywhere else', async () => {
  const server = await serverProcess();
  const { page, requested, problems } = await openPage(server.url);
  await expect.poll(() => page.url()).toBe(`${server.url}/graphql`);

  await runTab(page, 'SignIn', 'LogInSuccess');
  await runTab(page, 'MyChats', 'unreadCount');
  await runTab(page, 'History', 'isEdited');
  await runTab(page, 'Send', 'SendMessageSuccess');
  await runTab(page, 'Follow', 'ChatReady');

  // Somebody else, elsewhere, writes into the chat that is followed.
  const chatId = await chatIdIn(page);
  const input = { username: 'boris', password: server.passwordOf('boris') };
  const { data } = await post(`${server.url}/graphql`, LogInDocument, { input });
  if (data?.logIn?.__typename !== 'LogInSuccess') throw new Error(JSON.stringify(data));
  const sent = await post(
    `${server.url}/graphql`,
    SendMessageDocument,
    { input: { chatId, text: 'Привет from elsewhere' } },
    { token: data.logIn.session.accessToken },
  );
  expect(sent.data?.sendMessage?.__typename).toBe('SendMessageSuccess');
  await expect.poll(() => answer(page), PATIENCE).toContain('Привет from elsewhere');

  expect(requested.filter((url) => !url.startsWith(server.url) && !/^(data|blob):/.test(url))).toEqual([]);
  expect(problems).toEqual([]);
}, 120_000);

it('what is followed is listed, and goes on where another tab was open meanwhile', async () => {
  const server = await serverProcess();
  const { page, problems } = await openPage(server.url);

  await runTab(page, 'SignIn', 'LogInSuccess');
  await runTab(page, 'Follow', 'ChatReady');
  await runTab(page, 'Send', 'SendMessageSuccess');
  await page.getByRole('tab', { name: 'Follow' }).click();

  // What is older stands below it.
  await expect.poll(() => answer(page), PATIENCE).toMatch(/ChatReady[^]*Hello from GraphiQL[^]*ChatReady/);
  await expect.poll(() => page.getByRole('button', { name: /Stop/ }).count(), PATIENCE).toBe(1);
  expect(problems).toEqual([]);
}, 120_000);

it('a message is sent once however often run is pressed', async () => {
  const server = await serverProcess();
  const { page } = await openPage(server.url);

  await runTab(page, 'SignIn', 'LogInSuccess');
  await runTab(page, 'Send', '"deduplicated": false');
  await runTab(page, 'Send', '"deduplicated": true');
}, 120_000);

it('who has signed in still is after a reload, and nothing lies over the variables', async () => {
  const server = await serverProcess();
  const { page } = await openPage(server.url);
  await runTab(page, 'SignIn', 'LogInSuccess');

  await page.reload();

  await runTab(page, 'MyChats', '"username": "maria"');
  const note = (await page.locator('#parley-note').boundingBox())!;
  const variables = (await page.locator('.graphiql-editor-tools').boundingBox())!;
  expect(await page.locator('#parley-note').textContent()).toContain('Signed in as maria');
  expect(note.y + note.height).toBeLessThan(variables.y);
}, 120_000);

it('works below the path that a proxy has for it', async () => {
  const server = await serverProcess();
  const proxy = createServer((request, response) => {
    const path = request.url!.replace(/^\/chat(?=\/)/, '');
    if (path === request.url) return void response.writeHead(404).end();
    const asking = httpRequest(
      `${server.url}${path}`,
      { method: request.method, headers: request.headers },
      (answered) => {
        response.writeHead(answered.statusCode!, answered.headers);
        answered.pipe(response);
      },
    );
    asking.on('error', () => response.destroy());
    response.on('close', () => asking.destroy());
    request.pipe(asking);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/chat/`;

  const { page, problems } = await openPage(url);

  expect(page.url()).toBe(`${url}graphql`);
  await runTab(page, 'SignIn', 'LogInSuccess');
  await runTab(page, 'MyChats', '"username": "maria"');
  await runTab(page, 'Follow', 'ChatReady');
  expect(problems).toEqual([]);
}, 120_000);

it('without GRAPHIQL a browser is shown nothing', async () => {
  const server = await serverProcess({ GRAPHIQL: 'off' });

  const { page } = await openPage(`${server.url}/graphql`);

  expect(await page.locator('.graphiql-container').count()).toBe(0);
}, 120_000);
