/** Another TOKEN_SECRET takes the place of the old one under load, by the steps of docs/operations.md. */
import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { ask, type Fields } from './client/ask.js';
import { passwordOf } from './client/person.js';
import type { Installation } from './installation.js';
import { psql } from './parties/postgres.js';

const LOG_IN = `mutation ($username: String!, $password: String!) {
  logIn(input: { username: $username, password: $password }) {
    __typename ... on LogInSuccess { session { accessToken refreshToken } } } }`;
const REFRESH = `mutation ($refreshToken: String!) {
  refreshSession(input: { refreshToken: $refreshToken }) {
    __typename ... on RefreshSessionSuccess { session { accessToken refreshToken } } } }`;
const VIEWER = '{ viewer { id } }';

interface Session {
  accessToken: string;
  refreshToken: string;
}

/** A person who refreshes all the time, at any node, and shows what they were given at another. Restarting nodes refuse connections. */
const refreshAlways = (installation: Installation, username: string) => {
  const refused: string[] = [];
  let isOver = false;
  let shown = 0;
  let session: Session | undefined;

  const anywhere = async (token: string | null, query: string, variables: Record<string, unknown> = {}) => {
    const places = installation.places();
    const place = places[(shown += 1) % places.length]!;
    const answer = await ask(place, token, query, variables).catch(() => undefined);
    if (answer?.errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED'))
      refused.push(`${place.node} refused the token of ${username}`);
    return answer?.errors ? undefined : answer?.data;
  };
  const take = (payload: (Fields & { session?: Session }) | null | undefined) => {
    if (payload === null || payload === undefined) return;
    if (payload.__typename === 'RateLimitedError') return;
    if (payload.session === undefined) refused.push(`${username}: ${payload.__typename}`);
    else session = payload.session;
  };

  const over = (async () => {
    while (!isOver) {
      if (session === undefined)
        take((await anywhere(null, LOG_IN, { username, password: passwordOf(username) }))?.logIn);
      else {
        take((await anywhere(null, REFRESH, { refreshToken: session.refreshToken }))?.refreshSession);
        for (let n = 0; n < 2; n += 1) await anywhere(session.accessToken, VIEWER);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();

  return {
    stop: async () => {
      isOver = true;
      await over;
      return refused;
    },
  };
};

const isSignedWith = (secret: string, token: string) => {
  try {
    return Boolean(jwt.verify(token, secret));
  } catch {
    return false;
  }
};

const restartWith = async ({ node }: Installation['nodes'][number], changes: Record<string, string>) => {
  Object.assign(node.environment, changes);
  const code = await node.stop();
  if (code !== 0) node.complaints.push(`${node.name} was stopped and ended with ${code}`);
  await node.start();
};

/** What is wrong is among the complaints of the first node. A second time puts the old one back. */
export const replaceSecret = async (installation: Installation, username: string): Promise<void> => {
  const { nodes, postgres } = installation;
  const first = nodes[0]!;
  const { complaints, environment } = first.node;
  const before = environment.TOKEN_SECRET!;
  const after = environment.TOKEN_SECRET_OLD ?? randomBytes(36).toString('base64');
  const person = refreshAlways(installation, username);

  for (const node of nodes) await restartWith(node, { TOKEN_SECRET: after, TOKEN_SECRET_OLD: before });
  if (!isSignedWith(before, await newTokenAt(first, username)))
    complaints.push('The new secret signs before every node is sure to know it');
  // An hour later, as a node finds when it starts; the other goes on as it was.
  psql(postgres, `UPDATE installation SET secret_since = secret_since - interval '1 hour'`);
  await restartWith(first, {});
  if (!isSignedWith(after, await newTokenAt(first, username)))
    complaints.push('The new secret does not sign an hour later');

  complaints.push(...(await person.stop()));
};

const newTokenAt = async ({ place }: Installation['nodes'][number], username: string): Promise<string> => {
  const { data } = await ask(place, null, LOG_IN, { username, password: passwordOf(username) });
  return (data?.logIn as { session?: Session } | undefined)?.session?.accessToken ?? '';
};
