/**
 * A small script in the GraphiQL page, before GraphiQL's own. GraphiQL's tabs know nothing of each other, so that after
 * signing in one would copy the token into each of them. This one remembers the token of the last sign-in, for as long
 * as the page is open, and says so at the bottom. What the Headers tab says goes first. And it holds back who presses run
 * at once in a tab just opened: for a moment GraphiQL looks there for the operation of the one before, and goes on so.
 */
import type { GraphiqlTab } from './graphiql-tabs.js';

interface HelperOptions {
  endpoint: string;
  tabs: readonly GraphiqlTab[];
  /** Where it differs from the one that a browser has seen, the tabs that it remembers are of other data, and let go. */
  key: string;
}

const SETTLING_MS = 1000;

export const helperScript = ({ endpoint, tabs, key }: HelperOptions): string => `
(() => {
  const remembered = ${JSON.stringify(rememberedTabs(tabs))};
  try {
    if (localStorage.getItem('parley:tabs') !== ${JSON.stringify(key)}) {
      for (const [name, value] of Object.entries(remembered)) localStorage.setItem('graphiql:' + name, value);
      localStorage.setItem('parley:tabs', ${JSON.stringify(key)});
    }
  } catch {
    // No storage: GraphiQL remembers nothing either, and shows its default tabs.
  }

  let openedAt = -Infinity;
  document.addEventListener('click', (event) => {
    if (event.target.closest?.('.graphiql-tab')) openedAt = performance.now();
    const run = event.target.closest?.('.graphiql-execute-button');
    const early = openedAt + ${SETTLING_MS} - performance.now();
    if (!run || early <= 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => run.click(), early);
  }, true);

  let token;
  const note = document.createElement('div');
  note.id = 'parley-note';
  note.setAttribute('role', 'status');
  note.style.cssText = 'position:fixed;bottom:6px;left:64px;z-index:10;padding:2px 10px;border-radius:6px;'
    + 'font:12px/1.6 system-ui,sans-serif;background:#2b3040;color:#fff;opacity:.9;pointer-events:none';
  const say = (text) => { note.textContent = text; };
  say('Not signed in: run the SignIn tab first');
  document.body.append(note);

  const lookAt = (answer) => {
    for (const field of Object.values(answer?.data ?? {})) {
      if (!field?.session?.accessToken) continue;
      token = field.session.accessToken;
      const name = field.session.user?.username;
      say('Signed in' + (name ? ' as ' + name : '') + ': this page sends the token along, unless the Headers tab has an Authorization');
    }
  };

  const fetchAsIs = window.fetch.bind(window);
  window.fetch = async (input, init = {}) => {
    const url = new URL(input.url ?? input, location.href);
    if (url.origin !== location.origin || url.pathname !== ${JSON.stringify(endpoint)}) return fetchAsIs(input, init);
    const headers = new Headers(init.headers ?? input.headers);
    const isOurs = token !== undefined && !headers.has('authorization');
    if (isOurs) headers.set('authorization', 'Bearer ' + token);
    const response = await fetchAsIs(input, { ...init, headers });
    if (response.status === 401 && isOurs) {
      token = undefined;
      say('The token has expired: run the SignIn tab again');
    }
    if (response.headers.get('content-type')?.includes('json')) response.clone().json().then(lookAt, () => undefined);
    return response;
  };
})();
`;

/** The tabs as GraphiQL remembers them. Given as its defaults, the first one's variables would not be shown. */
const rememberedTabs = (tabs: readonly GraphiqlTab[]) => ({
  tabState: JSON.stringify({
    activeTabIndex: 0,
    tabs: tabs.map(({ title, query, variables }, place) => ({
      ...{ id: `parley-${place}`, title, query, variables },
      ...{ headers: null, operationName: title, response: null },
    })),
  }),
  query: tabs[0]!.query,
  variables: tabs[0]!.variables,
  headers: '',
});
