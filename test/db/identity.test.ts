/** Which database a node serves, as far as it can tell. */
import { expect, it, onTestFinished } from 'vitest';
import { readIdentity } from '../../src/db/identity.js';
import { openDatabase } from '../../src/db/open.js';
import { embeddedDatabase } from '../support/database.js';

it('an embedded database is the same after a restart, and another than any other', async () => {
  const identify = async (config: Parameters<typeof openDatabase>[0]) => {
    const db = await openDatabase(config);
    return readIdentity(db, undefined).finally(() => db.close());
  };
  const [one, other] = [await embeddedDatabase(), await embeddedDatabase()];
  onTestFinished(one.drop);
  onTestFinished(other.drop);

  const first = await identify(one.config);

  expect(first).toMatch(/^[0-9a-f]{12}$/);
  expect(await identify(one.config)).toBe(first);
  expect(await identify(other.config)).not.toBe(first);
});
