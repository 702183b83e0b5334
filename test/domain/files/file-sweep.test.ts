/** What goes once nobody needs it, and what must stay: also where it happens at the same moment. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it, vi } from 'vitest';
import { sweepFiles } from '../../../src/domain/files/file-sweep.js';
import type { FileStore } from '../../../src/files/file-store.js';
import { createFolderStore } from '../../../src/files/folder-store.js';
import { errorOf, newPerson } from '../../support/chats.js';
import { temporaryFolder } from '../../support/database.js';
import { domainNode, type DomainNode } from '../../support/domain.js';
import { emptyDatabase } from '../../support/own-database.js';
import { noise } from '../../support/pictures.js';
import { until } from '../../support/until.js';
import { announce, put, upload } from '../../support/uploads.js';

const start = async (wrap: (store: FileStore) => FileStore = (store) => store) => {
  const db = await emptyDatabase();
  const folder = temporaryFolder();
  const store = await createFolderStore(folder);
  const node = await domainNode(db, { fileStore: wrap(store) });
  return { db, folder, store, node, ada: await newPerson(db) };
};

const age = (db: DomainNode['db'], hours = 26) =>
  db.query(`UPDATE upload SET expires_at = expires_at - make_interval(hours => $1::int)`, [hours]);

const ageOne = (db: DomainNode['db'], id: bigint) =>
  db.query(`UPDATE upload SET expires_at = now() - interval '2 hours' WHERE id = $1::bigint`, [id]);

/** The names of all that lies in the store. */
const stored = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /[0-9a-f]{64}/.test(name));

const rows = async (db: DomainNode['db']) => (await db.query(`SELECT id FROM upload`)).length;

const read = async (store: FileStore, hash: Uint8Array) => {
  const found = await store.read(Buffer.from(hash).toString('hex'));
  return found && buffer(found.stream);
};

/** The embedded database has one connection, so there everything waits. */
const isLockWaitedFor = async (db: DomainNode['db']) =>
  db.kind === 'embedded' ||
  (await db.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = 4100073`)).length > 0;

/** A gate that work waits at. */
const createGate = () => {
  let open = () => undefined as void;
  let isReached = false;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return {
    open: () => open(),
    isReached: () => isReached,
    pass: () => {
      isReached = true;
      return opened;
    },
  };
};

describe('Files that were not used', () => {
  it('T95 are gone after a day for everybody, and an hour later their bytes are, thumbnails too', async () => {
    const { db, folder, store, node, ada } = await start();
    const [file, picture] = [
      await upload(node, ada, randomBytes(1000)),
      await upload(node, ada, await noise(200, 200)),
    ];
    await announce(node, ada, Buffer.from('never put'));
    expect(stored(folder)).toHaveLength(2 + 4 - 1);

    expect(await sweepFiles(db, store)).toBe(0);
    await age(db, 24);
    expect(await node.attachments.byIds(ada, [file.id, picture.id])).toEqual([null, null]);
    expect(await sweepFiles(db, store)).toBe(0);
    await age(db, 2);

    expect(await sweepFiles(db, store)).toBe(3);
    expect(stored(folder)).toEqual([]);
    expect(await rows(db)).toBe(0);
  });

  it('leave the bytes that others have too, until the last of them goes', async () => {
    const { db, folder, store, node, ada } = await start();
    const bytes = randomBytes(1000);
    const [one, other] = [await upload(node, ada, bytes), await upload(node, await newPerson(db), bytes)];
    expect(stored(folder)).toHaveLength(1);

    await ageOne(db, one.id);
    await sweepFiles(db, store);
    expect(await read(store, other.hash)).toEqual(bytes);
    await ageOne(db, other.id);
    await sweepFiles(db, store);

    expect(stored(folder)).toEqual([]);
  });

  it('do not count as their owner’s, and are swept by several nodes at once', async () => {
    const { db, folder, store, node, ada } = await start();
    for (let count = 0; count < 5; count += 1) await upload(node, ada, randomBytes(100));
    await age(db);

    await Promise.all([sweepFiles(db, store), sweepFiles(db, store), sweepFiles(db, store)]);

    expect([stored(folder), await rows(db)]).toEqual([[], 0]);
  });

  it('that a message has stay', async () => {
    const { db, folder, store, node, ada } = await start();
    const file = await upload(node, ada, randomBytes(100));
    await db.query(`UPDATE upload SET expires_at = NULL WHERE id = $1::bigint`, [file.id]);

    await sweepFiles(db, store);

    expect(stored(folder)).toHaveLength(1);
  });
});

describe('Equal bytes', () => {
  it('that two put at once are stored once, for both', async () => {
    const { db, folder, store, node, ada } = await start();
    const bytes = randomBytes(500_000);

    const [one, other] = await Promise.all([upload(node, ada, bytes), upload(node, await newPerson(db), bytes)]);

    expect(stored(folder)).toHaveLength(1);
    expect(one.hash).toEqual(other.hash);
    expect(await read(store, one.hash)).toEqual(bytes);
  });

  it('survive a sweep while somebody is just storing them', async () => {
    const gate = createGate();
    let isGated = false;
    const { db, store, node, ada } = await start((inner) => ({
      ...inner,
      put: async (key, path) => {
        if (isGated) await gate.pass();
        return inner.put(key, path);
      },
    }));
    const bytes = randomBytes(1000);
    const old = await upload(node, ada, bytes);
    await ageOne(db, old.id);
    isGated = true;
    const storing = upload(node, ada, bytes);
    await until(gate.isReached, 'the storing');

    expect(await sweepFiles(db, store)).toBe(1);
    gate.open();

    expect(await read(store, (await storing).hash)).toEqual(bytes);
  });

  it('are stored again where a sweep is just deleting them', async () => {
    const { db, store, node, ada } = await start();
    const gate = createGate();
    const bytes = randomBytes(1000);
    const old = await upload(node, ada, bytes);
    await ageOne(db, old.id);
    const announced = await announce(node, ada, bytes);
    const sweeping = sweepFiles(db, {
      ...store,
      delete: async (key) => {
        await gate.pass();
        return store.delete(key);
      },
    });
    await until(gate.isReached, 'the deleting');

    const storing = put(node, announced, bytes);
    // It waits for the deleting; where it went ahead, the bytes would go.
    let isStored = false;
    void storing.then(() => (isStored = true));
    await vi.waitFor(async () => expect(isStored || (await isLockWaitedFor(db))).toBe(true));
    gate.open();
    await sweeping;

    expect(await read(store, (await storing).hash)).toEqual(bytes);
  });
});

describe('A node that dies', () => {
  class Death extends Error {}

  it.each(['before', 'after'] as const)(
    '%s the bytes are stored leaves an upload that may be put again',
    async (when) => {
      let isDying = true;
      const { db, folder, store, node, ada } = await start((inner) => ({
        ...inner,
        put: async (key, path) => {
          if (isDying && when === 'before') throw new Death();
          await inner.put(key, path);
          if (isDying) throw new Death();
        },
      }));
      const bytes = randomBytes(1000);
      const announced = await announce(node, ada, bytes);

      expect(await errorOf(put(node, announced, bytes))).toBeInstanceOf(Death);
      expect(await node.attachments.byIds(ada, [announced.id])).toEqual([null]);
      isDying = false;

      expect(await read(store, (await put(node, announced, bytes)).hash)).toEqual(bytes);
      expect(await rows(db)).toBe(1);
      expect(stored(folder)).toHaveLength(1);
    },
  );

  it('leaves nothing for more than a day, not where other bytes came then, nor where none did', async () => {
    let isDying = true;
    const { db, folder, store, node, ada } = await start((inner) => ({
      ...inner,
      put: async (key, path) => {
        await inner.put(key, path);
        if (isDying) throw new Death();
      },
    }));
    const [one, two] = [randomBytes(1000), randomBytes(1000)];
    const [again, left] = [await announce(node, ada, one), await announce(node, ada, two)];
    await errorOf(put(node, again, one));
    await errorOf(put(node, left, two));
    isDying = false;
    const stays = await put(node, again, randomBytes(1000));
    await db.query(`UPDATE upload SET expires_at = NULL WHERE id = $1::bigint`, [again.id]);
    expect(stored(folder)).toHaveLength(3);

    await age(db);
    await sweepFiles(db, store);

    expect(stored(folder)).toEqual([
      join(Buffer.from(stays.hash).toString('hex').slice(0, 2), Buffer.from(stays.hash).toString('hex')),
    ]);
    expect(await rows(db)).toBe(1);
  });

  it('leaves bytes on their way, which go after an hour, while those of others stay', async () => {
    const { db, store } = await start();
    const [old, slow] = ['on-its-way-old', 'on-its-way-slow'].map((name) => join(store.spool, name));
    const longAgo = new Date(Date.now() - 2 * 3_600_000);
    for (const folder of [old!, slow!]) {
      mkdirSync(folder);
      writeFileSync(join(folder, 'bytes'), 'x');
    }
    utimesSync(join(old!, 'bytes'), longAgo, longAgo);
    for (const folder of [old!, slow!]) utimesSync(folder, longAgo, longAgo);

    await sweepFiles(db, store);

    expect([existsSync(old!), existsSync(slow!)]).toEqual([false, true]);
  });
});
