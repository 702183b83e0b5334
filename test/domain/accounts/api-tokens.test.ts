import { describe, expect, it, onTestFinished } from 'vitest';
import { createMemoryBus } from '../../../src/bus/memory.js';
import { ForbiddenError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { createRounds } from '../../../src/log/rounds.js';
import { accountNode, type AccountNode } from '../../support/accounts.js';
import { deactivate, errorOf } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();

let people = 0;

const someone = async (node: AccountNode): Promise<Viewer> => {
  const { session } = await node.person(`person${(people += 1)}`);
  return (await node.sessions.authenticate(session.accessToken))!;
};

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

/** Who shows it; null for nobody. */
const shownBy = async (node: AccountNode, token: string): Promise<Viewer | null> => {
  const shown = await node.authentication.byApiToken(token);
  return 'viewer' in shown ? shown.viewer : null;
};

describe('an API token', () => {
  it('S0.13 S1.2 acts as its user, and only its hash is kept', async () => {
    const node = await accountNode(database.current);
    const ada = await someone(node);

    const { apiToken, token } = await node.apiTokens.create(ada, { name: ' The shop ' });

    expect(apiToken).toMatchObject({ name: 'The shop', expiresAt: null, lastUsedAt: null });
    expect(await shownBy(node, token)).toMatchObject({
      id: ada.id,
      role: 'USER',
      credential: { kind: 'apiToken' },
      expiresAt: null,
    });
    const [row] = await database.current.query<Record<string, unknown>>(
      'SELECT t::text AS row FROM api_token t WHERE id = $1',
      [apiToken.id],
    );
    expect(String(row!.row)).not.toContain(token.slice(4));
  });

  it('is nobody’s where it is unknown, no token at all, expired or of one who was deactivated', async () => {
    const node = await accountNode(database.current);
    const [ada, boris] = [await someone(node), await someone(node)];
    const { token: another } = await node.apiTokens.create(boris, { name: 'x' });
    const { token, apiToken } = await node.apiTokens.create(ada, { name: 'x', expiresAt: inSeconds(60) });
    await database.current.query('UPDATE api_token SET expires_at = now() WHERE id = $1', [apiToken.id]);
    await deactivate(database.current, boris);

    for (const bad of [token, `${token}x`, `pat_${'x'.repeat(43)}`, 'x', ''])
      expect(await node.authentication.byApiToken(bad)).toEqual({ refusal: 'badToken' });
    expect(await node.authentication.byApiToken(another)).toEqual({ refusal: 'sessionOver' });
  });

  it('is refused for a bad name or a date gone by, each by its field', async () => {
    const node = await accountNode(database.current);
    const ada = await someone(node);

    const long = { name: 'x'.repeat(101), expiresAt: inSeconds(-1) };
    expect(await errorOf(node.apiTokens.create(ada, long))).toMatchObject({
      fields: [{ path: ['name'] }, { path: ['expiresAt'] }],
    });
    for (const name of ['', ' ', 'a\nb']) {
      expect(await errorOf(node.apiTokens.create(ada, { name }))).toMatchObject({ fields: [{ path: ['name'] }] });
    }
    await node.apiTokens.create(ada, { name: '😀'.repeat(100), expiresAt: inSeconds(60) });
  });

  it('is one of at most 100 good ones, two at once included', async () => {
    const node = await accountNode(database.current);
    const ada = await someone(node);
    await database.current.query(
      `INSERT INTO api_token (user_id, name, token_hash)
       SELECT $1::bigint, 'x', sha256(convert_to($1::text || ':' || n, 'UTF8')) FROM generate_series(1, 99) n`,
      [ada.id],
    );

    const two = await Promise.allSettled([1, 2].map(() => node.apiTokens.create(ada, { name: 'x' })));

    expect(two.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await node.apiTokens.list(ada)).toHaveLength(100);
    await node.apiTokens.revoke(ada, (await node.apiTokens.list(ada))[0]!.id);
    await node.apiTokens.create(ada, { name: 'x' });
  });

  it('is seen by its owner alone, in the list while it is good', async () => {
    const node = await accountNode(database.current);
    const [ada, boris] = [await someone(node), await someone(node)];
    const first = await node.apiTokens.create(ada, { name: 'first' });
    const second = await node.apiTokens.create(ada, { name: 'second' });
    const gone = await node.apiTokens.create(ada, { name: 'gone' });
    const ids = [first, second, gone].map(({ apiToken }) => apiToken.id);

    await node.apiTokens.revoke(ada, gone.apiToken.id);

    expect((await node.apiTokens.list(ada)).map(({ name }) => name)).toEqual(['second', 'first']);
    expect((await node.apiTokens.byIds(ada, ids)).map((row) => row?.name)).toEqual(['first', 'second', undefined]);
    expect(await node.apiTokens.list(boris)).toEqual([]);
    expect(await node.apiTokens.byIds(boris, ids)).toEqual([null, null, null]);
  });

  it('is revoked by its owner alone, and again without harm', async () => {
    const node = await accountNode(database.current);
    const [ada, boris] = [await someone(node), await someone(node)];
    const { apiToken, token } = await node.apiTokens.create(ada, { name: 'x' });
    await shownBy(node, token);

    for (const [viewer, id] of [
      [boris, apiToken.id],
      [ada, null],
      [ada, 2n ** 62n],
    ] as const)
      expect(await errorOf(node.apiTokens.revoke(viewer, id))).toMatchObject({ message: 'API token not found' });
    expect(await shownBy(node, token)).not.toBeNull();
    await node.apiTokens.revoke(ada, apiToken.id);
    await node.apiTokens.revoke(ada, apiToken.id);

    expect(await node.authentication.byApiToken(token)).toEqual({ refusal: 'sessionOver' });
  });

  it('revoked is told to who watches it, on every node, and without the bus by the next look', async () => {
    const bus = createMemoryBus(() => undefined);
    const [here, there, apart] = [
      await accountNode(database.current, { bus }),
      await accountNode(database.current, { bus }),
      await accountNode(database.current),
    ];
    const rounds = await createRounds(database.current, { intervalMs: 60_000, onError: () => undefined });
    onTestFinished(() => rounds.stop());
    rounds.onMoved((moved) => apart.credentials.changed(moved));
    const ada = await someone(here);
    const { apiToken, token } = await here.apiTokens.create(ada, { name: 'x' });
    const kept = await here.apiTokens.create(ada, { name: 'kept' });
    const told: string[] = [];
    for (const [node, shown, name] of [
      [here, token, 'here'],
      [there, token, 'there'],
      [apart, token, 'apart'],
      [there, kept.token, 'kept'],
    ] as const) {
      const viewer = (await shownBy(node, shown))!;
      onTestFinished(node.credentials.watch(viewer, (what) => told.push(`${name} ${what}`)));
    }
    // Each watched token is looked at when it is first watched: that look is over once a later one has found its token revoked.
    const revoked = await apart.apiTokens.create(ada, { name: 'revoked' });
    const viewerOfRevoked = (await shownBy(apart, revoked.token))!;
    await here.apiTokens.revoke(ada, revoked.apiToken.id);
    const fence: string[] = [];
    onTestFinished(apart.credentials.watch(viewerOfRevoked, (what) => fence.push(what)));
    await expect.poll(() => fence).toEqual(['ended']);

    await here.apiTokens.revoke(ada, apiToken.id);
    await expect.poll(() => told.toSorted()).toEqual(['here ended', 'there ended']);
    await rounds.look();
    await expect.poll(() => told.at(-1)).toBe('apart ended');

    expect(told).toHaveLength(3);
    expect(await shownBy(there, kept.token)).not.toBeNull();
  });

  it('says when it was last used, written at most once a minute by all nodes together', async () => {
    const [here, there] = [await accountNode(database.current), await accountNode(database.current)];
    const ada = await someone(here);
    const { apiToken, token } = await here.apiTokens.create(ada, { name: 'x' });
    const lastUsedAt = async () => (await here.apiTokens.byIds(ada, [apiToken.id]))[0]!.lastUsedAt;
    const use = async (node: AccountNode) => {
      await shownBy(node, token);
      await node.apiTokens.drain();
    };

    await use(here);
    const first = await lastUsedAt();
    await use(here);
    await use(there);
    expect(first!.getTime()).toBeGreaterThan(Date.now() - 60_000);
    expect(await lastUsedAt()).toEqual(first);
    await database.current.query(`UPDATE api_token SET last_used_at = now() - interval '1 hour' WHERE id = $1`, [
      apiToken.id,
    ]);
    const restarted = await accountNode(database.current);
    await use(restarted);

    expect((await lastUsedAt())!.getTime()).toBeGreaterThanOrEqual(first!.getTime());
  });

  it('acts nowhere but in chats', async () => {
    const node = await accountNode(database.current);
    const ada = await someone(node);
    const { apiToken, token } = await node.apiTokens.create(ada, { name: 'x' });
    const program = (await shownBy(node, token))!;

    for (const refused of [
      node.accounts.logOut(program, { everywhere: true }),
      node.accounts.changePassword(program, { currentPassword: 'x', newPassword: 'long enough' }),
      node.accounts.updateProfile(program, { firstName: 'Eve' }),
      node.apiTokens.create(program, { name: 'another' }),
      node.apiTokens.revoke(program, apiToken.id),
    ])
      expect(await errorOf(refused)).toBeInstanceOf(ForbiddenError);

    expect(await node.apiTokens.list(ada)).toHaveLength(1);
  });
});
