/** The client module in a browser: two tabs of one session, and a handler that throws. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { launchBrowser } from '../support/browser.js';
import { temporaryFolder } from '../support/database.js';
import { serverProcess } from '../support/server-process.js';

/** Leaves what there is to see in `tab`. */
const PAGE = `
import { createConnection } from '@parley-chat/client/connection';
import { followAll } from '@parley-chat/client/follow';
import { createSession } from '@parley-chat/client/session';

const url = new URLSearchParams(location.search).get('server') + '/graphql';
const tab = { signedOut: [], told: [], states: [] };
tab.session = createSession({ url, storage: () => localStorage, onSignedOut: (reason) => tab.signedOut.push(reason) });
tab.follow = () => {
  const client = createConnection({
    url: url.replace('http', 'ws'),
    accessToken: tab.session.accessToken,
    onState: (state) => tab.states.push(state),
  });
  tab.following = followAll({
    client,
    query: 'subscription ($after: [Cursor!]) { events(after: $after) { __typename ... on DurableEvent { chatId cursor } } }',
    after: null,
    onEvent: ({ __typename }) => {
      tab.told.push(__typename);
      throw new Error('of the handler');
    },
    onEnded: (code) => tab.told.push(code),
  });
};
window.tab = tab;
`;

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** So many tabs of one window. */
const openTabs = async (count: number, url: string): Promise<Page[]> => {
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const pages = await Promise.all(Array.from({ length: count }, () => context.newPage()));
  // Loaded once the page's module has run.
  for (const page of pages) await page.goto(url);
  return pages;
};

/** Serves the page at an origin of its own. */
const servePage = async (): Promise<string> => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'page.js'), PAGE);
  const src = fileURLToPath(new URL('../../packages/client/src', import.meta.url));
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    resolve: {
      alias: [
        { find: /^@parley-chat\/client\/(.*)$/, replacement: `${src}/$1.ts` },
        { find: 'graphql-ws', replacement: fileURLToPath(import.meta.resolve('graphql-ws')) },
      ],
    },
    build: { write: false, rollupOptions: { input: join(folder, 'page.js') } },
  });
  const [{ code }] = ([built].flat()[0] as unknown as { output: [{ code: string }] }).output;
  const http = createServer(({ url = '' }, response) => {
    response.setHeader('content-type', url.startsWith('/page.js') ? 'text/javascript' : 'text/html');
    response.end(url.startsWith('/page.js') ? code : '<!doctype html><script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void http.close());
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
};

/** Asks in a page. */
const inTab = <Answer>(page: Page, expression: string): Promise<Answer> => page.evaluate<Answer>(expression);

it('keeps two tabs signed in with the same tokens, and signs both out at once', async () => {
  const server = await serverProcess();
  const origin = await servePage();
  const [one, other] = (await openTabs(2, `${origin}/?server=${server.url}`)) as [Page, Page];
  const signIn = JSON.stringify(['maria', server.passwordOf('maria')]);
  await inTab(one, `tab.session.signIn(...${signIn}).then(() => {})`);
  await other.reload();
  const first = await inTab<string>(one, 'tab.session.accessToken()');

  // Both refused at once. A browser may show a tab what another has stored a little later, so that the second asks the server too.
  const refused = `tab.session.accessToken(${JSON.stringify(first)})`;
  const fresh = await Promise.all([inTab<string>(one, refused), inTab<string>(other, refused)]);
  expect(fresh).not.toContain(first);
  const tokens = () => Promise.all([one, other].map((tab) => inTab<string>(tab, 'tab.session.accessToken()')));
  await expect.poll(async () => new Set(await tokens()).size).toBe(1);

  await inTab(other, 'tab.session.signOut()');
  await expect.poll(() => inTab<string[]>(one, 'tab.signedOut')).toEqual(['Signed out in another tab']);
  expect(await inTab(one, 'tab.session.user')).toBeNull();
});

it('goes on after a handler that throws, and the console shows what it was', async () => {
  const server = await serverProcess();
  const origin = await servePage();
  const [page] = (await openTabs(1, `${origin}/?server=${server.url}`)) as [Page];
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  await inTab(page, `tab.session.signIn('maria', ${JSON.stringify(server.passwordOf('maria'))}).then(() => {})`);

  await inTab(page, 'tab.follow()');
  await expect.poll(() => inTab<string[]>(page, 'tab.told')).toEqual(['ViewerReady']);
  await inTab(
    page,
    `(async () => {
      const post = async (query) => (await (await fetch(new URLSearchParams(location.search).get('server') + '/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer ' + (await tab.session.accessToken()) },
        body: JSON.stringify({ query }),
      })).json()).data;
      const { chats } = await post('{ chats(first: 1) { nodes { id } } }');
      const id = JSON.stringify(chats.nodes[0].id);
      await post('mutation { sendMessage(input: { chatId: ' + id + ', text: "one" }) { __typename } }');
    })()`,
  );

  await expect.poll(() => inTab<string[]>(page, 'tab.told')).toContain('MessageSent');
  expect(problems).toContain('of the handler');
  expect(await inTab(page, 'tab.states')).toEqual(['connected']);
});
