/** GraphiQL as somebody meets it who has just started the server and never saw the API: run in each tab, from left to right. */
import { execFileSync } from 'node:child_process';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { LogInDocument, SendMessageDocument } from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { serverProcess } from '../support/server-process.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const executable = (): string => {
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      // The next one.
    }
  }
  throw new Error(`None of ${NAMES.join(', ')} is installed`);
};

let browser: Browser;
beforeAll(async () => {
  browser = await chromium.launch({
    executablePath: executable(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
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
  const variables = await page.evaluate(() => {
    const { tabs } = JSON.parse(localStorage.getItem('graphiql:tabState')!) as {
      tabs: { title: string; variables: string }[];
    };
    return tabs.find((tab) => tab.title === 'Follow')!.variables;
  });
  const { chatId } = JSON.parse(variables) as { chatId: string };
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

it('without GRAPHIQL a browser is shown nothing', async () => {
  const server = await serverProcess({ GRAPHIQL: 'off' });

  const { page } = await openPage(`${server.url}/graphql`);

  expect(await page.locator('.graphiql-container').count()).toBe(0);
}, 120_000);
