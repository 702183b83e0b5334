/** `parley copy --files-to`: files into another store. */
import { randomBytes } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/db/open.js';
import { openFileStore } from '../../src/files/open-store.js';
import { startBucket } from '../support/bucket.js';
import { newPerson } from '../support/chats.js';
import { embeddedDatabase, temporaryFolder } from '../support/database.js';
import { domainNode } from '../support/domain.js';
import { parley } from '../support/parley.js';
import { noise } from '../support/pictures.js';
import { announce, upload } from '../support/uploads.js';

/** A folder with a picture and two other files, closed again. */
const aFolder = async () => {
  const { config, drop } = await embeddedDatabase();
  onTestFinished(drop);
  const db = await openDatabase(config);
  const node = await domainNode(db, { fileStore: await openFileStore({ filesUrl: undefined, ...config }) });
  const ada = await newPerson(db);
  await upload(node, ada, await noise(300, 200));
  await upload(node, ada, randomBytes(3_000_000));
  const { id } = await upload(node, ada, randomBytes(10));
  await announce(node, ada, randomBytes(5));
  await node.close();
  await db.close();
  return { env: { DATA_DIR: config.dataDir }, files: join(config.dataDir, 'files'), lastId: id };
};

const contents = (folder: string) =>
  Object.fromEntries(
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /[0-9a-f]{64}/.test(name))
      .map((name) => [name, readFileSync(join(folder, name)).toString('base64')]),
  );

it('T102 copies all that the database names, thumbnails too, and again only what lacks', async () => {
  const { env, files } = await aFolder();
  const target = temporaryFolder();
  const run = () => parley(['copy', '--files-to', pathToFileURL(target).href], { env });

  const first = await run();

  expect(first).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^ +3 {2}files copied to the folder /m) as string,
  });
  expect(first.out).toContain('set FILES_URL');
  expect(contents(target)).toEqual(contents(files));
  const [broken, gone] = Object.keys(contents(target)).filter((name) => !name.includes('.')) as [string, string];
  truncateSync(join(target, broken), 3);
  rmSync(join(target, gone));
  expect((await run()).out).toMatch(/ 2 {2}files copied .*\n +1 {2}files were there/);
  expect(contents(target)).toEqual(contents(files));
});

it('copies into a bucket, and out of it again', async () => {
  const { env, files } = await aFolder();
  const { url } = await startBucket();
  const target = temporaryFolder();

  expect(await parley(['copy', '--files-to', url], { env })).toMatchObject({ code: 0 });
  const back = await parley(['copy', '--files-to', pathToFileURL(target).href], { env: { ...env, FILES_URL: url } });

  expect(back).toMatchObject({ code: 0, err: '' });
  expect(contents(target)).toEqual(contents(files));
});

it('says which are missing, refuses damaged ones, and what leads nowhere', async () => {
  const { env, files } = await aFolder();
  const target = pathToFileURL(temporaryFolder()).href;
  const copy = (url: string) => parley(['copy', '--files-to', url], { env });
  const whole = temporaryFolder();
  cpSync(files, whole, { recursive: true });
  const [name] = Object.keys(contents(files)).filter((one) => statSync(join(files, one)).size === 10);

  rmSync(join(files, name!));
  expect(await copy(target)).toMatchObject({
    code: 0,
    err: expect.stringContaining('1 files are missing in the folder') as string,
  });
  cpSync(whole, files, { recursive: true });
  truncateSync(join(files, name!), 9);
  const damaged = await copy(target);
  expect([damaged.code, damaged.err]).toEqual([1, expect.stringMatching(/are damaged/) as string]);
  expect(await copy(pathToFileURL(files).href)).toMatchObject({
    code: 64,
    err: expect.stringContaining('where the files are') as string,
  });
  expect(await copy('ftp://somewhere/x')).toMatchObject({
    code: 64,
    err: expect.stringContaining('s3://') as string,
  });
  expect(await parley(['copy'], { env })).toMatchObject({
    code: 64,
    err: expect.stringContaining('--files-to') as string,
  });
});
