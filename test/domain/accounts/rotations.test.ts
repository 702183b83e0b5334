/** Refreshing a session: an answer that was lost is given again, and a token that two hold ends the session. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryBus } from '../../../src/bus/memory.js';
import { UnavailableError, type Database } from '../../../src/db/database.js';
import { InvalidTokenError } from '../../../src/domain/errors.js';
import type { OpenedSession } from '../../../src/domain/accounts/sessions.js';
import { newRefreshToken } from '../../../src/domain/accounts/tokens.js';
import { createRounds } from '../../../src/log/rounds.js';
import { accountNode, somewhere, type AccountNode } from '../../support/accounts.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

let people = 0;
const signedIn = async (node: AccountNode): Promise<OpenedSession> => (await node.person(`person-${++people}`)).session;

const use = (node: AccountNode, { accessToken }: OpenedSession) => node.authentication.byAccessToken(accessToken);
const refresh = (node: AccountNode, { refreshToken }: OpenedSession) =>
  node.sessions.refresh(refreshToken, somewhere.address);

const mustWork = async (node: AccountNode, session: OpenedSession) =>
  expect(await use(node, session)).toMatchObject({ viewer: { id: session.userId } });
const mustBeRefused = async (node: AccountNode, session: OpenedSession) => {
  await expect(refresh(node, session)).rejects.toThrow(InvalidTokenError);
  expect(await use(node, session)).toEqual({ refusal: 'badToken' });
};
const mustBeOver = async (node: AccountNode, ...sessions: OpenedSession[]) => {
  for (const session of sessions) {
    await expect(refresh(node, session)).rejects.toThrow(InvalidTokenError);
    expect(await use(node, session)).toEqual({ refusal: 'sessionOver' });
  }
};

/** The same database, with every statement kept; writes fail while it is told so. */
const observed = () => {
  const statements: string[] = [];
  const state = { refusesWrites: false };
  const observing: Database = {
    ...database.current,
    query: (sql, params) => {
      statements.push(sql);
      const isWrite = sql.trim().startsWith('UPDATE');
      return state.refusesWrites && isWrite
        ? Promise.reject(new UnavailableError(1000))
        : database.current.query(sql, params);
    },
  };
  return { observing, statements, state };
};

describe('S4.3 a refresh whose answer was lost', () => {
  it('is repeated, however late and however often: the last pair is good, those before are void and end nothing', async () => {
    const node = await accountNode(database.current);
    const first = await signedIn(node);
    const lost = [await refresh(node, first), await refresh(node, first)];
    // Weeks later; it counts from the last refresh.
    await database.current.query(`UPDATE session SET refreshed_at = now() - interval '20 days' WHERE id = $1::uuid`, [
      first.sessionId,
    ]);

    const found = await refresh(node, first);

    for (const pair of lost) await mustBeRefused(node, pair);
    await mustWork(node, found);
    await mustWork(node, first);
    await mustWork(node, await refresh(node, found));
    for (const pair of lost) await mustBeRefused(node, pair);
    expect(node.reused).toEqual([]);
  });

  it('is repeated by thirty at once, on two nodes: all are answered, one pair is good', async () => {
    const nodes = [await accountNode(database.current), await accountNode(database.current)];
    const first = await signedIn(nodes[0]!);

    const pairs = await Promise.all(Array.from({ length: 30 }, (_none, n) => refresh(nodes[n % 2]!, first)));

    const good: OpenedSession[] = [];
    for (const [n, pair] of pairs.entries()) {
      const answer = await use(nodes[n % 2]!, pair);
      if ('viewer' in answer) good.push(pair);
      else expect(answer).toEqual({ refusal: 'badToken' });
    }
    expect(good).toHaveLength(1);
    await mustWork(nodes[0]!, await refresh(nodes[1]!, good[0]!));
  });

  it('is repeated though the node was killed after it had given it', async () => {
    const killed = await accountNode(database.current);
    const first = await signedIn(killed);
    await refresh(killed, first);

    const next = await accountNode(database.current);
    const found = await refresh(next, first);

    await mustWork(next, found);
  });

  it('is repeated where its own pair has waited for its first use, on a node that remembers the session from before', async () => {
    const [one, other] = [await accountNode(database.current), await accountNode(database.current)];
    const first = await signedIn(one);
    await mustWork(other, first);
    const lost = await refresh(one, first);

    const found = await refresh(one, first);

    await mustBeRefused(other, lost);
    await mustWork(other, found);
  });
});

describe('S4.3 a used refresh token, once what it gave was used', () => {
  it('ends the session where the owner was first: the thief comes late', async () => {
    const node = await accountNode(database.current);
    const stolen = await signedIn(node);
    const owners = await refresh(node, stolen);
    await mustWork(node, owners);

    await expect(refresh(node, stolen)).rejects.toThrow(InvalidTokenError);

    await mustBeOver(node, stolen, owners);
    const { sessionId, userId } = stolen;
    expect(node.reused).toEqual([{ sessionId, userId, address: somewhere.address }]);
    // Told once.
    await expect(refresh(node, stolen)).rejects.toThrow(InvalidTokenError);
    expect(node.reused).toHaveLength(1);
  });

  it('ends the session where the thief was first, and leaves others of the same person alone', async () => {
    const node = await accountNode(database.current);
    const { session: owners, user } = await node.person(`person-${++people}`);
    const password = `the password of ${user.username}`;
    const elsewhere = (await node.accounts.logIn({ username: user.username, password }, somewhere)).session;
    const thiefs = await refresh(node, owners);
    await mustWork(node, thiefs);

    await expect(refresh(node, owners)).rejects.toThrow(InvalidTokenError);

    await mustBeOver(node, owners, thiefs);
    await mustWork(node, elsewhere);
  });

  it('is unknown, and ends nothing, once another was used: only the last is kept', async () => {
    const node = await accountNode(database.current);
    const first = await signedIn(node);
    const second = await refresh(node, first);
    const third = await refresh(node, second);
    await mustWork(node, third);

    await expect(refresh(node, first)).rejects.toThrow(InvalidTokenError);

    await mustWork(node, third);
    expect(node.reused).toEqual([]);
  });

  it('ends what is open on every node', async () => {
    const bus = createMemoryBus(() => undefined);
    const [one, other] = [await accountNode(database.current, { bus }), await accountNode(database.current, { bus })];
    const first = await signedIn(one);
    const second = await refresh(one, first);
    const told: string[] = [];
    for (const node of [one, other]) {
      const answer = await use(node, second);
      if (!('viewer' in answer)) throw new Error('refused');
      onTestFinished(node.authentication.watch(answer.viewer, (what) => told.push(what)));
    }

    await expect(refresh(one, first)).rejects.toThrow(InvalidTokenError);

    await expect.poll(() => told).toEqual(['ended', 'ended']);
  });

  it('ends what is open on a node that the bus does not reach, by its look at the database', async () => {
    const [one, other] = [await accountNode(database.current), await accountNode(database.current)];
    const rounds = await createRounds(database.current, { intervalMs: 60_000, onError: () => undefined });
    onTestFinished(() => rounds.stop());
    rounds.onMoved(({ sessionIds, userIds }) => other.credentials.changed({ sessionIds, userIds }));
    const first = await signedIn(one);
    const second = await refresh(one, first);
    const answer = await use(other, second);
    if (!('viewer' in answer)) throw new Error('refused');
    const told: string[] = [];
    onTestFinished(other.authentication.watch(answer.viewer, (what) => told.push(what)));

    await expect(refresh(one, first)).rejects.toThrow(InvalidTokenError);
    await rounds.look();

    await expect.poll(() => told).toEqual(['ended']);
  });
});

describe('the first use of a pair', () => {
  it('and the repeated refresh, at once on two nodes: one holds, and the other finds that', async () => {
    for (let round = 0; round < 10; round++) {
      const [one, other] = [await accountNode(database.current), await accountNode(database.current)];
      const first = await signedIn(one);
      const second = await refresh(one, first);

      const [used, repeated] = await Promise.allSettled([use(one, second), refresh(other, first)]);

      if (used.status === 'rejected') throw new Error(String(used.reason));
      if (repeated.status === 'fulfilled') {
        expect(used.value).toEqual({ refusal: 'badToken' });
        await mustWork(one, repeated.value);
      } else await mustBeOver(other, second);
    }
  });

  it('is written once, and asks nothing more of the database afterwards', async () => {
    const { observing, statements } = observed();
    const node = await accountNode(observing);
    const second = await refresh(node, await signedIn(node));
    statements.length = 0;

    await Promise.all(Array.from({ length: 10 }, () => mustWork(node, second)));
    for (let n = 0; n < 10; n++) await mustWork(node, second);

    const writes = statements.filter((sql) => sql.trim().startsWith('UPDATE session'));
    expect(writes).toHaveLength(1);
    expect(statements).toHaveLength(2);
  });

  it('is not written for what signing in gave: nothing can make that void', async () => {
    const { observing, statements } = observed();
    const node = await accountNode(observing);
    const first = await signedIn(node);
    statements.length = 0;

    await mustWork(node, first);

    expect(statements.filter((sql) => sql.trim().startsWith('UPDATE'))).toEqual([]);
  });

  it('waits for a database that is away, and is written when it is back', async () => {
    const { observing, state } = observed();
    const node = await accountNode(observing);
    const first = await signedIn(node);
    const second = await refresh(node, first);

    state.refusesWrites = true;
    await expect(use(node, second)).rejects.toThrow(UnavailableError);
    // What was used before goes on.
    await mustWork(node, first);
    state.refusesWrites = false;
    await mustWork(node, second);

    await expect(refresh(node, first)).rejects.toThrow(InvalidTokenError);
    await mustBeOver(node, second);
  });
});

describe('while versions change', () => {
  /** As a version without rotations refreshes. */
  const refreshAsBefore = async ({ sessionId }: OpenedSession, hash: Buffer) =>
    database.current.query(`UPDATE session SET refresh_hash = $2::bytea WHERE id = $1::uuid`, [sessionId, hash]);

  it('an access token without a rotation is good, and is no use of the newest pair', async () => {
    const node = await accountNode(database.current);
    const first = await signedIn(node);
    const { accessToken } = node.tokens.issueAccess(first.userId, {
      id: first.sessionId,
      rotation: null as unknown as number,
      endsAt: first.accessTokenExpiresAt,
    });
    await refresh(node, first);

    await mustWork(node, { ...first, accessToken });

    await mustWork(node, await refresh(node, first));
  });

  it('a session that an older node has refreshed goes on', async () => {
    const node = await accountNode(database.current);
    const first = await signedIn(node);
    const second = await refresh(node, first);
    await mustWork(node, second);
    const theirs = newRefreshToken();
    await refreshAsBefore(second, theirs.hash);

    const third = await node.sessions.refresh(theirs.refreshToken);

    await mustWork(node, third);
  });
});

describe('the longest life of a session', () => {
  const age = ({ sessionId }: OpenedSession, days: number) =>
    database.current.query(
      `UPDATE session SET created_at = now() - make_interval(days => $2::int) WHERE id = $1::uuid`,
      [sessionId, days],
    );
  const secondsLeft = async ({ sessionId }: OpenedSession) => {
    const [row] = await database.current.query<{ left: number }>(
      `SELECT extract(epoch FROM expires_at - now())::int AS left FROM session WHERE id = $1::uuid`,
      [sessionId],
    );
    return row!.left;
  };

  it('is kept though it is used: the last refresh gives what is left of it', async () => {
    const node = await accountNode(database.current, { settings: { sessionDaysMax: 100 } });
    const first = await signedIn(node);
    await age(first, 95);

    const second = await refresh(node, first);

    expect(await secondsLeft(second)).toBeGreaterThan(4.9 * 86_400);
    expect(await secondsLeft(second)).toBeLessThanOrEqual(5 * 86_400);
    await age(first, 100);
    await expect(refresh(node, second)).rejects.toThrow(InvalidTokenError);
  });

  it('is that of its last access token too', async () => {
    const node = await accountNode(database.current, { settings: { sessionDaysMax: 100 } });
    const first = await signedIn(node);
    await database.current.query(
      `UPDATE session SET created_at = now() - interval '100 days' + interval '1 minute' WHERE id = $1::uuid`,
      [first.sessionId],
    );

    const { accessTokenExpiresAt, accessToken } = await refresh(node, first);

    expect(accessTokenExpiresAt.getTime()).toBeLessThanOrEqual(Date.now() + 60_000);
    expect(node.tokens.readAccess(accessToken)?.expiresAt).toEqual(accessTokenExpiresAt);
  });

  it('is no longer than that from the beginning', async () => {
    const node = await accountNode(database.current, { settings: { sessionDaysMax: 10 } });

    expect(await secondsLeft(await signedIn(node))).toBeLessThanOrEqual(10 * 86_400);
  });
});
