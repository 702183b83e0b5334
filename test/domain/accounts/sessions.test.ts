import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryBus } from '../../../src/bus/memory.js';
import type { Database } from '../../../src/db/database.js';
import { InvalidTokenError } from '../../../src/domain/errors.js';
import type { OpenedSession } from '../../../src/domain/accounts/sessions.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { createRounds } from '../../../src/log/rounds.js';
import { accountNode, newSession, passwordOf, type AccountNode } from '../../support/accounts.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

let people = 0;
const someone = (node: AccountNode) => node.person(`person-${++people}`);

const viewerOf = async (node: AccountNode, session: OpenedSession): Promise<Viewer> => {
  const viewer = await node.sessions.authenticate(session.accessToken);
  if (viewer === null) throw new Error('Nobody is signed in');
  return viewer;
};

/** What those who watch are told, in order. */
const watched = (node: AccountNode, viewer: Viewer) => {
  const told: string[] = [];
  onTestFinished(node.credentials.watch(viewer, (what) => told.push(what)));
  return told;
};

const setRole = (userId: bigint, role: string) =>
  database.current.query(`UPDATE "user" SET role = $2::text::role, xid = pg_current_xact_id() WHERE id = $1::bigint`, [
    userId,
    role,
  ]);

const deactivate = (userId: bigint) =>
  database.current.query(`UPDATE "user" SET deactivated_at = now(), xid = pg_current_xact_id() WHERE id = $1::bigint`, [
    userId,
  ]);

const endInDatabase = (sessionId: string) =>
  database.current.query(`UPDATE session SET ended_at = now(), xid = pg_current_xact_id() WHERE id = $1::uuid`, [
    sessionId,
  ]);

/** The same database, with every statement counted. */
const counted = () => {
  const statements: string[] = [];
  const counting: Database = {
    ...database.current,
    query: (sql, params) => {
      statements.push(sql);
      return database.current.query(sql, params);
    },
  };
  return { counting, statements };
};

describe('a session', () => {
  it('S2.1 S3.13 says who shows its access token', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);

    expect(await node.sessions.authenticate(session.accessToken)).toEqual({
      id: user.id,
      role: 'USER',
      credential: { kind: 'session', sessionId: session.sessionId },
      expiresAt: session.accessTokenExpiresAt,
    });
  });

  it('S2.12 is not taken from a token of a session that there never was, or of another user', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);

    for (const { accessToken } of [
      node.tokens.issueAccess(user.id, newSession(randomUUID())),
      node.tokens.issueAccess(user.id + 1n, newSession(session.sessionId)),
    ]) {
      expect(await node.sessions.authenticate(accessToken)).toBeNull();
    }
  });

  it('is not kept as the refresh token that opens it', async () => {
    const node = await accountNode(database.current);
    const { session } = await someone(node);

    const [row] = await database.current.query<{ row: string; bytes: number }>(
      `SELECT to_json(s)::text AS row, length(refresh_hash) AS bytes FROM session s WHERE id = $1::uuid`,
      [session.sessionId],
    );

    expect(row!.bytes).toBe(32);
    expect(row!.row).not.toContain(session.refreshToken);
    expect(row!.row).not.toContain(Buffer.from(session.refreshToken).toString('hex'));
  });

  it('S2.12 is over for its access token as soon as it is ended, and ends once', async () => {
    const node = await accountNode(database.current);
    const { session } = await someone(node);
    const viewer = await viewerOf(node, session);

    expect(await node.sessions.end(session.sessionId)).toBe(true);

    expect(await node.sessions.authenticate(session.accessToken)).toBeNull();
    expect(await node.credentials.stillGood(viewer)).toBeNull();
    expect(await node.sessions.end(session.sessionId)).toBe(false);
  });

  it('is not opened for a user who is deactivated, or whose password was changed meanwhile', async () => {
    const node = await accountNode(database.current);
    const { user } = await someone(node);
    const [row] = await database.current.query<{ hash: string }>(
      'SELECT password_hash AS hash FROM "user" WHERE id = $1',
      [user.id],
    );

    expect(await node.sessions.open(user.id, 'the hash of an older password')).toBeUndefined();
    await deactivate(user.id);

    expect(await node.sessions.open(user.id, row!.hash)).toBeUndefined();
  });

  it('is asked of the database once for many operations, and once for many sessions at the same time', async () => {
    const { counting, statements } = counted();
    const node = await accountNode(counting);
    const sessions = [];
    for (let index = 0; index < 3; index++) sessions.push((await someone(node)).session);
    statements.length = 0;

    const viewers = await Promise.all(sessions.map((session) => viewerOf(node, session)));
    for (const viewer of viewers) for (let more = 0; more < 20; more++) await node.credentials.stillGood(viewer);

    expect(statements).toHaveLength(1);
  });

  it('is remembered for no more than two seconds, whoever ended it', async () => {
    const node = await accountNode(database.current);
    const { session } = await someone(node);
    const viewer = await viewerOf(node, session);
    const startedAt = performance.now();

    await endInDatabase(session.sessionId);

    await expect.poll(() => node.credentials.stillGood(viewer), { timeout: 5000, interval: 50 }).toBeNull();
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });

  it('is remembered for so many at most', async () => {
    const { counting, statements } = counted();
    const node = await accountNode(counting, { credentialCache: { capacity: 2 } });
    const viewers: Viewer[] = [];
    for (let index = 0; index < 3; index++) viewers.push(await viewerOf(node, (await someone(node)).session));
    statements.length = 0;

    await node.credentials.stillGood(viewers[2]!);
    await node.credentials.stillGood(viewers[1]!);
    expect(statements).toHaveLength(0);
    await node.credentials.stillGood(viewers[0]!);

    expect(statements).toHaveLength(1);
  });

  it('is not remembered from before it was forgotten, even if the answer was under way', async () => {
    let arrive: (() => void) | undefined;
    const slow: Database = {
      ...database.current,
      query: async (sql, params) => {
        const rows = await database.current.query<never>(sql, params);
        if (isSlow) await new Promise<void>((resolve) => (arrive = resolve));
        return rows;
      },
    };
    let isSlow = false;
    const node = await accountNode(slow);
    const { session, user } = await someone(node);
    const viewer = await viewerOf(node, session);
    node.credentials.forget([viewer.credential], []);

    isSlow = true;
    const underWay = node.credentials.stillGood(viewer);
    await expect.poll(() => arrive).toBeDefined();
    isSlow = false;
    await setRole(user.id, 'MANAGER');
    node.credentials.forget([], [user.id]);
    arrive?.();

    expect(await underWay).toMatchObject({ role: 'USER' });
    expect(await node.credentials.stillGood(viewer)).toMatchObject({ role: 'MANAGER' });
  });

  it('S2.12 is over at once on the node that ended it, though the bus tells nobody', async () => {
    const deaf = { ...createMemoryBus(() => undefined), publish: () => undefined };
    const node = await accountNode(database.current, { bus: deaf });
    const { session } = await someone(node);
    const told = watched(node, await viewerOf(node, session));

    await node.sessions.end(session.sessionId);

    expect(await node.sessions.authenticate(session.accessToken)).toBeNull();
    await expect.poll(() => told).toEqual(['ended']);
  });

  it('is not opened with a password that is being changed', async () => {
    const node = await accountNode(database.current);
    const { user } = await someone(node);
    const [row] = await database.current.query<{ hash: string }>(
      'SELECT password_hash AS hash FROM "user" WHERE id = $1',
      [user.id],
    );

    let opening: Promise<unknown> | undefined;
    await database.current.transaction(async (tx) => {
      await tx.query(`UPDATE "user" SET password_hash = 'of another' WHERE id = $1`, [user.id]);
      opening = node.sessions.open(user.id, row!.hash);
      let isOpened = false;
      void opening.then(() => (isOpened = true));
      // The embedded database has one connection: there it waits anyway.
      const isWaiting = async () => {
        if (database.current.kind === 'embedded' || isOpened) return true;
        const waiting = await tx.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        return waiting.length > 0;
      };
      await expect.poll(isWaiting).toBe(true);
    });

    expect(await opening).toBeUndefined();
  });
});

describe('refreshing', () => {
  it('S4.3 gives a new access token and a new refresh token', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);

    const refreshed = await node.sessions.refresh(session.refreshToken);

    expect(refreshed).toMatchObject({ userId: user.id, sessionId: session.sessionId });
    expect(refreshed.refreshToken).not.toBe(session.refreshToken);
    expect(await node.sessions.authenticate(refreshed.accessToken)).not.toBeNull();
    // The one before is good until it ends.
    expect(await node.sessions.authenticate(session.accessToken)).not.toBeNull();
  });

  it('S2.12 is refused for what is unknown, malformed, expired, ended, or of a deactivated user', async () => {
    const node = await accountNode(database.current);
    const [expired, ended, gone] = [await someone(node), await someone(node), await someone(node)];
    await database.current.query(`UPDATE session SET expires_at = now() - interval '1 second' WHERE id = $1::uuid`, [
      expired.session.sessionId,
    ]);
    await node.sessions.end(ended.session.sessionId);
    await deactivate(gone.user.id);

    for (const refreshToken of [
      `prt_${'a'.repeat(43)}`,
      'nonsense\0',
      '',
      expired.session.accessToken,
      expired.session.refreshToken,
      ended.session.refreshToken,
      gone.session.refreshToken,
    ]) {
      await expect(node.sessions.refresh(refreshToken)).rejects.toThrow(InvalidTokenError);
    }
  });

  it('lets a session that is used go on for another 30 days', async () => {
    const node = await accountNode(database.current);
    const { session } = await someone(node);
    await database.current.query(`UPDATE session SET expires_at = now() + interval '1 minute' WHERE id = $1::uuid`, [
      session.sessionId,
    ]);

    await node.sessions.refresh(session.refreshToken);

    const [row] = await database.current.query<{ days: number }>(
      `SELECT round(extract(epoch FROM expires_at - now()) / 86400)::int AS days FROM session WHERE id = $1::uuid`,
      [session.sessionId],
    );
    expect(row).toEqual({ days: 30 });
  });
});

describe('who watches a session', () => {
  it('is told once when it ends, on every node', async () => {
    const bus = createMemoryBus(() => undefined);
    const [a, b] = [await accountNode(database.current, { bus }), await accountNode(database.current, { bus })];
    const { session } = await someone(a);
    const other = await someone(a);
    const onA = watched(a, await viewerOf(a, session));
    const onB = watched(b, await viewerOf(b, session));
    const others = watched(b, await viewerOf(b, other.session));

    await a.sessions.end(session.sessionId);

    await expect.poll(() => [onA, onB]).toEqual([['ended'], ['ended']]);
    await a.sessions.end(other.session.sessionId);
    await expect.poll(() => others).toEqual(['ended']);
    expect([onA, onB]).toEqual([['ended'], ['ended']]);
  });

  it('is told of a session that ended before it was watched, though it was remembered as good', async () => {
    const node = await accountNode(database.current);
    const { session } = await someone(node);
    const viewer = await viewerOf(node, session);
    await endInDatabase(session.sessionId);

    const told = watched(node, viewer);

    await expect.poll(() => told).toEqual(['ended']);
  });

  it('is told of another role, and of deactivation', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);
    const told = watched(node, await viewerOf(node, session));

    await setRole(user.id, 'ADMIN');
    node.sessions.announce({ sessionIds: [], userIds: [user.id] });
    await expect.poll(() => told).toEqual(['role']);
    expect(await node.sessions.authenticate(session.accessToken)).toMatchObject({ role: 'ADMIN' });

    await deactivate(user.id);
    node.sessions.announce({ sessionIds: [], userIds: [user.id] });
    await expect.poll(() => told).toEqual(['role', 'ended']);
    expect(await node.sessions.authenticate(session.accessToken)).toBeNull();
  });

  it('is told of nothing where nothing changed, or after it stopped watching', async () => {
    const node = await accountNode(database.current);
    const [quiet, gone, fence] = [await someone(node), await someone(node), await someone(node)];
    const toldQuiet = watched(node, await viewerOf(node, quiet.session));
    const toldGone: string[] = [];
    const stop = node.credentials.watch(await viewerOf(node, gone.session), (what) => toldGone.push(what));
    const toldFence = watched(node, await viewerOf(node, fence.session));

    stop();
    node.sessions.announce({ sessionIds: [quiet.session.sessionId], userIds: [quiet.user.id] });
    await node.sessions.end(gone.session.sessionId);
    await node.sessions.end(fence.session.sessionId);

    await expect.poll(() => toldFence).toEqual(['ended']);
    expect([toldQuiet, toldGone]).toEqual([[], []]);
  });

  it('is told without the bus, by the look at the database once a second', async () => {
    const node = await accountNode(database.current);
    const rounds = await createRounds(database.current, { intervalMs: 60_000, onError: () => undefined });
    onTestFinished(() => rounds.stop());
    rounds.onMoved(({ sessionIds, userIds }) => node.credentials.changed({ sessionIds, userIds }));
    const [ended, promoted] = [await someone(node), await someone(node)];
    const toldEnded = watched(node, await viewerOf(node, ended.session));
    const toldPromoted = watched(node, await viewerOf(node, promoted.session));

    const elsewhere = await accountNode(database.current);
    await elsewhere.sessions.end(ended.session.sessionId);
    await setRole(promoted.user.id, 'MANAGER');
    await rounds.look();

    await expect.poll(() => [toldEnded, toldPromoted]).toEqual([['ended'], ['role']]);
  });

  it('costs one query for all that changed at once, and none where nobody watches', async () => {
    const { counting, statements } = counted();
    const node = await accountNode(counting);
    const open = [];
    for (let index = 0; index < 5; index++) open.push(await someone(node));
    const told: string[] = [];
    for (const { session } of open) {
      onTestFinished(node.credentials.watch(await viewerOf(node, session), () => told.push(session.sessionId)));
    }
    const [unwatched, fence] = [await someone(node), await someone(node)];
    const toldFence = watched(node, await viewerOf(node, fence.session));
    await node.sessions.end(fence.session.sessionId);
    await expect.poll(() => toldFence).toEqual(['ended']);
    for (const { session } of open) await endInDatabase(session.sessionId);
    statements.length = 0;

    node.credentials.changed({ sessionIds: [unwatched.session.sessionId], userIds: [unwatched.user.id] });
    node.credentials.changed({
      sessionIds: open.slice(0, 2).map(({ session }) => session.sessionId),
      userIds: open.slice(2).map(({ user }) => user.id),
    });

    await expect.poll(() => told).toHaveLength(5);
    expect(statements).toHaveLength(1);
  });

  it('is told later where the database was away when it was to be asked', async () => {
    let isAway = false;
    const shaky: Database = {
      ...database.current,
      query: (sql, params) => (isAway ? Promise.reject(new Error('away')) : database.current.query(sql, params)),
    };
    const errors: unknown[] = [];
    const node = await accountNode(shaky, { onError: (error) => errors.push(error) });
    const { session } = await someone(node);
    const told = watched(node, await viewerOf(node, session));
    await endInDatabase(session.sessionId);

    isAway = true;
    node.credentials.recheck();
    await expect.poll(() => errors.length).toBeGreaterThan(0);
    isAway = false;

    await expect.poll(() => told).toEqual(['ended']);
  });
});

describe('ending all of a user', () => {
  it('counts those that were open, and leaves other users alone', async () => {
    const node = await accountNode(database.current);
    const { session, user } = await someone(node);
    const other = await someone(node);
    const again = { username: user.username, password: passwordOf(user.username) };
    for (let device = 0; device < 2; device++) await node.accounts.logIn(again, { address: null });
    await node.sessions.end(session.sessionId);

    expect(await node.sessions.endAll(user.id)).toBe(2);

    expect(await node.sessions.endAll(user.id)).toBe(0);
    expect(await node.sessions.authenticate(other.session.accessToken)).not.toBeNull();
  });

  it('counts each once where two do it at once', async () => {
    const node = await accountNode(database.current);
    const { user } = await someone(node);
    const again = { username: user.username, password: passwordOf(user.username) };
    for (let device = 0; device < 3; device++) await node.accounts.logIn(again, { address: null });

    const counts = await Promise.all([1, 2, 3].map(() => node.sessions.endAll(user.id)));

    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
  });
});
