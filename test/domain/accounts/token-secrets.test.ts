/** What a node finds when it compares its secret with that of the node that started last. */
import { beforeEach, describe, expect, it } from 'vitest';
import jwt from 'jsonwebtoken';
import { UnavailableError, type Database } from '../../../src/db/database.js';
import { agreeOnSecrets } from '../../../src/domain/accounts/token-secrets.js';
import { createTokens } from '../../../src/domain/accounts/tokens.js';
import { newSession } from '../../support/accounts.js';
import { ownDatabase } from '../../support/own-database.js';

const [one, two, three] = ['one', 'two', 'three'].map((name) => `the secret ${name} is only ever used in tests`) as [
  string,
  string,
  string,
];
const HOUR_MS = 3_600_000;

const database = ownDatabase();
beforeEach(() => database.current.query('DELETE FROM installation'));

const agree = (secret: string, oldSecret?: string) => agreeOnSecrets(database.current, { secret, oldSecret });

describe('secrets', () => {
  it('are the same on all nodes, and the first of them leaves no more than a fingerprint', async () => {
    expect(await agree(one)).toEqual({ outcome: 'first', oldSignsForMs: 0 });
    expect(await agree(one)).toEqual({ outcome: 'same', oldSignsForMs: 0 });

    const [row] = await database.current.query<{ row: string }>('SELECT to_json(i)::text AS row FROM installation i');
    expect(row!.row).not.toContain(one);
    expect(row!.row).not.toContain(Buffer.from(one).toString('hex'));
  });

  it('that differ are told of by each node that starts after one with another', async () => {
    await agree(one);

    expect((await agree(two)).outcome).toBe('other');
    expect((await agree(two)).outcome).toBe('same');
    expect((await agree(one)).outcome).toBe('other');
    expect((await agree(three, two)).outcome).toBe('other');
  });

  it('are replaced: the old one signs for an hour from the first node that knows both', async () => {
    await agree(one);

    const first = await agree(two, one);
    await database.current.query(`UPDATE installation SET secret_since = secret_since - interval '20 minutes'`);
    const second = await agree(two, one);
    await database.current.query(`UPDATE installation SET secret_since = secret_since - interval '40 minutes'`);
    const later = await agree(two, one);

    expect(first).toEqual({ outcome: 'replaced', oldSignsForMs: HOUR_MS });
    expect(second.outcome).toBe('same');
    expect(second.oldSignsForMs).toBeLessThanOrEqual((HOUR_MS * 2) / 3);
    expect(second.oldSignsForMs).toBeGreaterThan(HOUR_MS / 2);
    expect(later).toEqual({ outcome: 'same', oldSignsForMs: 0 });
    expect(await agree(two)).toEqual({ outcome: 'same', oldSignsForMs: 0 });
  });

  it('are replaced where no version so far has left a fingerprint', async () => {
    expect(await agree(two, one)).toEqual({ outcome: 'first', oldSignsForMs: HOUR_MS });
  });

  it('are agreed on by several nodes at once', async () => {
    await agree(one);

    const agreed = await Promise.all([agree(two, one), agree(two, one), agree(two, one)]);

    for (const { oldSignsForMs, outcome } of agreed) {
      expect(['replaced', 'same']).toContain(outcome);
      expect(oldSignsForMs).toBeGreaterThan(HOUR_MS / 2);
    }
    expect((await agree(two)).outcome).toBe('same');
  });

  it('keep no node from starting on a database that takes no writes', async () => {
    await agree(one);
    const readOnly: Database = {
      ...database.current,
      query: (sql, params) =>
        sql.trim().startsWith('UPDATE')
          ? Promise.reject(new UnavailableError(1000))
          : database.current.query(sql, params),
    };

    expect((await agreeOnSecrets(readOnly, { secret: two, oldSecret: undefined })).outcome).toBe('other');
  });
});

describe('tokens of two secrets', () => {
  const session = newSession('b1946ac9-2c9a-4b8e-9d53-111111111111');

  it.each([
    ['the old one while that signs', HOUR_MS, one],
    ['the new one then', 0, two],
  ])('are signed with %s, and both are good', (_which, signsForMs, signer) => {
    const tokens = createTokens({ secret: two, old: { secret: one, signsForMs }, accessTokenMinutes: 15 });

    const { accessToken } = tokens.issueAccess(7n, session);

    expect(() => jwt.verify(accessToken, signer)).not.toThrow();
    for (const secret of [one, two]) {
      const other = createTokens({ secret, accessTokenMinutes: 15 });
      expect(tokens.readAccess(other.issueAccess(7n, session).accessToken)).toMatchObject({ userId: 7n });
    }
    const stranger = createTokens({ secret: three, accessTokenMinutes: 15 });
    expect(tokens.readAccess(stranger.issueAccess(7n, session).accessToken)).toBeNull();
  });
});
