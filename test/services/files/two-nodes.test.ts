/** Files over two nodes, on one database. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/database.js';
import { attachmentOf, beginPut, createUpload, get, put, uploaded, type Attachment } from '../../support/files.js';
import { startNode } from '../../support/node.js';
import { newPerson, type Person } from '../../support/people.js';
import { until } from '../../support/until.js';

it('replacing TOKEN_SECRET breaks no link that was given before', async () => {
  const before = await startNode();
  const ada = await newPerson(before);
  const file: Attachment = await uploaded(ada, randomBytes(10));
  const { dataDir, tokenSecret } = before.config;
  const replaced = {
    dataDir,
    tokenSecret: `another secret, used once: ${crypto.randomUUID()}`,
    tokenSecretOld: tokenSecret,
  };
  const after = await startNode(replaced, { beside: before });
  const other = await startNode({ ...replaced, tokenSecretOld: undefined }, { beside: before });
  const at = (person: Person, there: typeof after) => attachmentOf(person.at(there), file.id);

  expect((await get(after, file.url)).status).toBe(200);
  expect((await get(other, file.url)).status).toBe(404);
  // While nodes with the old one may run, links are signed with that, as access tokens are.
  expect((await get(before, (await at(ada, after))!.url)).status).toBe(200);
  await other.stop();
  await after.stop();
  await before.stop();
});

it('a node that stops leaves uploads to another one with the same files', async () => {
  const filesUrl = `file://${temporaryFolder()}`;
  const one = await startNode({ drainSeconds: 0, filesUrl });
  const other = await startNode({ filesUrl }, { beside: one });
  const ada = await newPerson(one);
  const upload = await createUpload(ada, { byteSize: 1000 });
  const bytes = randomBytes(1000);
  const cut = beginPut(one, upload, bytes);
  await until(() => readdirSync(join(new URL(filesUrl).pathname, 'tmp')).length === 1, 'the first bytes');
  void cut;
  const again = await put(other, upload, bytes);

  expect(again.status).toBe(201);
  const attachment = await attachmentOf(ada, String(again.body.id));
  expect(Buffer.from(await (await get(one, attachment!.url)).arrayBuffer())).toEqual(bytes);
  await other.stop();
  await one.stop();
});
