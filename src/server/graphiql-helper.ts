/**
 * A small script that runs in the GraphiQL page before GraphiQL's own.
 *
 * - GraphiQL's tabs share no headers: after signing in, a user would have to copy the token into each of them. The script remembers
 *   the token of the last sign-in while the browser's tab is open, and says so at the top. The Headers tab takes precedence.
 * - GraphiQL shows only the last event of a subscription, and stops it when another tab is opened. The script lists all events, and
 *   resumes after the last one (`Last-Event-ID`) when the tab is opened again.
 * - It generates a `clientMessageId` for each new text.
 * - It delays a run in a tab that was just opened: for a moment GraphiQL still looks for the operation of the previous tab there.
 */
import { NEW_ID, type GraphiqlTab } from './graphiql-tabs.js';

interface HelperOptions {
  tabs: readonly GraphiqlTab[];
  /** Identifies the tabs' data. If a browser remembers tabs of another key, the script replaces them. */
  key: string;
}

const SETTLING_MS = 1000;
const MAX_EVENTS = 200;

export const helperScript = ({ tabs, key }: HelperOptions): string => `
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

  // The subscription of the open tab, and by title those of tabs that were left while following.
  let live;
  const left = new Map();
  const titleOf = (tab) => tab?.querySelector('button')?.title;
  const openTitle = () => titleOf(document.querySelector('.graphiql-tab-active'));
  const onTab = (tab) => {
    openedAt = performance.now();
    const title = titleOf(tab);
    if (live && live.title !== title) {
      live.isLeft = true;
      left.set(live.title, live);
      live = undefined;
    }
    if (!left.delete(title)) return;
    setTimeout(() => {
      if (openTitle() === title) document.querySelector('.graphiql-execute-button[aria-label^="Execute"]')?.click();
    }, ${SETTLING_MS} + 50);
  };

  let openedAt = -Infinity;
  document.addEventListener('click', (event) => {
    const tab = event.target.closest?.('.graphiql-tab');
    if (tab) onTab(tab);
    const run = event.target.closest?.('.graphiql-execute-button');
    if (!run) return;
    // The user stopped the subscription.
    live = undefined;
    const early = openedAt + ${SETTLING_MS} - performance.now();
    if (early <= 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => run.click(), early);
  }, true);

  let token;
  const note = document.createElement('div');
  note.id = 'parley-note';
  note.setAttribute('role', 'status');
  note.style.cssText = 'position:fixed;top:27px;right:125px;z-index:10;padding:2px 10px;border-radius:6px;'
    + 'font:12px/1.6 system-ui,sans-serif;background:#2b3040;color:#fff;opacity:.9;pointer-events:none';
  const say = (text) => { note.textContent = text; };
  document.body.append(note);

  const setSignedIn = (signedIn) => {
    token = signedIn?.token;
    if (signedIn) say('Signed in' + (signedIn.name ? ' as ' + signedIn.name : '') + ': the token is sent along');
    try {
      if (signedIn) sessionStorage.setItem('parley:signed-in', JSON.stringify(signedIn));
      else sessionStorage.removeItem('parley:signed-in');
    } catch {
      // No storage: the sign-in lasts until the page is reloaded.
    }
  };
  say('Not signed in: run the SignIn tab first');
  try {
    setSignedIn(JSON.parse(sessionStorage.getItem('parley:signed-in')) ?? undefined);
  } catch {
    // No storage, or a value that is not ours.
  }

  const lookAt = (answer) => {
    for (const field of Object.values(answer?.data ?? {})) {
      if (!field?.session?.accessToken) continue;
      setSignedIn({ token: field.session.accessToken, name: field.session.user?.username });
    }
  };

  const ids = new Map();
  const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
  const withIds = (body) => {
    if (typeof body !== 'string' || !body.includes('"clientMessageId"')) return body;
    const params = JSON.parse(body);
    const input = params.variables?.input;
    if (input?.clientMessageId !== ${JSON.stringify(NEW_ID)}) return body;
    const text = JSON.stringify(input);
    if (!ids.has(text)) ids.set(text, newId());
    input.clientMessageId = ids.get(text);
    return JSON.stringify(params);
  };

  const followed = new Map();
  const withAll = (follow, block) => {
    const id = /^id: (.*)$/m.exec(block)?.[1];
    if (id) follow.lastId = id;
    return block.replace(/^data: ({.*)$/m, (line, json) => {
      const result = JSON.parse(json);
      for (const [field, event] of Object.entries(result.data ?? {})) {
        follow.events = [event, ...follow.events].slice(0, ${MAX_EVENTS});
        result.data[field] = follow.events;
      }
      return 'data: ' + JSON.stringify(result);
    });
  };
  const collect = (follow, { body, status, headers }) => {
    let rest = '';
    const all = new TransformStream({
      transform: (text, controller) => {
        const blocks = (rest + text).split('\\n\\n');
        rest = blocks.pop();
        for (const block of blocks) controller.enqueue(withAll(follow, block) + '\\n\\n');
      },
      flush: () => { if (live === follow) live = undefined; },
    });
    const collected = body.pipeThrough(new TextDecoderStream()).pipeThrough(all).pipeThrough(new TextEncoderStream());
    return new Response(collected, { status, headers });
  };

  const fetchAsIs = window.fetch.bind(window);
  window.fetch = async (input, init = {}) => {
    const url = new URL(input.url ?? input, location.href);
    if (url.origin !== location.origin || url.pathname !== location.pathname) return fetchAsIs(input, init);
    const headers = new Headers(init.headers ?? input.headers);
    const isOurs = token !== undefined && !headers.has('authorization');
    if (isOurs) headers.set('authorization', 'Bearer ' + token);
    const asked = url.search + String(init.body ?? '');
    const before = followed.get(asked);
    if (before?.isLeft && before.lastId) headers.set('last-event-id', before.lastId);
    const response = await fetchAsIs(input, { ...init, headers, ...(init.body && { body: withIds(init.body) }) });
    if (response.status === 401 && isOurs) {
      setSignedIn(undefined);
      say('The token has expired: run the SignIn tab again');
    }
    const type = response.headers.get('content-type') ?? '';
    if (type.includes('json')) response.clone().json().then(lookAt, () => undefined);
    if (!type.includes('event-stream') || !response.body) return response;
    live = { title: openTitle(), events: before?.isLeft ? before.events : [], lastId: before?.lastId, isLeft: false };
    followed.set(asked, live);
    return collect(live, response);
  };
})();
`;

/** The tabs in the form that GraphiQL remembers. As default tabs, the first one would not show its variables. */
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
