import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { sweepFiles } from '../../../src/domain/files/file-sweep.js';
import { IdempotencyConflictError, InvalidInputError, TextEmptyError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, errorOf, logOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';
import { announce, upload } from '../../support/uploads.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

const aGroup = async () => {
  const node = await chatNode(database.current);
  const [ada, bob] = [await someone(), await someone()];
  const { admin, chat } = await node.group(ada, bob);
  const file = async (owner: Viewer = ada) => (await upload(node, owner, randomBytes(20))).id;
  const send = async (attachmentIds: readonly (bigint | null)[], more: object = {}) =>
    (await node.messages.send(ada, { chatId: chat.id, text: '', attachmentIds, ...more })).message;
  const filesOf = async (person: Viewer, message: { seq: number }) =>
    (await node.attachments.ofMessage(person, { chatId: chat.id, seq: message.seq })).map(({ id }) => id);
  return { ...node, ada, bob, admin, chat, file, send, filesOf };
};

const rowOf = async (id: bigint) =>
  (
    await database.current.query<{ chatId: bigint | null; messageSeq: number | null; isExpired: boolean | null }>(
      `SELECT chat_id AS "chatId", message_seq AS "messageSeq", expires_at <= now() AS "isExpired" FROM upload WHERE id = $1`,
      [id],
    )
  )[0];

// S4.10
it('sends files with a message, whose text may then be empty, and keeps their order', async () => {
  const { bob, file, send, filesOf, chat, attachments } = await aGroup();
  const [first, second] = [await file(), await file()];

  const message = await send([second, first, second]);

  expect(message).toMatchObject({ text: '', attachmentCount: 2 });
  expect(await filesOf(bob, message)).toEqual([second, first]);
  expect((await logOf(database.current, chat)).at(-1)!.messages[0]).toMatchObject({ attachmentCount: 2 });
  expect(await rowOf(first)).toEqual({ chatId: chat.id, messageSeq: message.seq, isExpired: null });
  expect((await attachments.byIds(bob, [first]))[0]).toMatchObject({ id: first });
});

it('T96 shows files to those who see the chat, and to nobody else', async () => {
  const { ada, bob, admin, chat, file, send, filesOf, members, attachments } = await aGroup();
  const id = await file();
  const message = await send([id]);
  const seen = async (person: Viewer) => [
    await filesOf(person, message),
    (await attachments.byIds(person, [id])).map((one) => one?.id),
  ];

  expect(await seen(admin)).toEqual([[id], [id]]);
  expect(await seen(await someone())).toEqual([[], [undefined]]);
  await members.remove(admin, chat.id, bob.id);
  expect(await seen(bob)).toEqual([[], [undefined]]);
  await members.remove(admin, chat.id, ada.id);
  expect(await seen(ada), 'nor to their owner').toEqual([[], [undefined]]);
});

it('T97 takes only stored uploads of the sender that no message has, at most ten, and says which it does not take', async () => {
  const { ada, bob, chat, file, send, uploads, ...node } = await aGroup();
  const [good, sent, deleted] = [await file(), await file(), await file()];
  await send([sent]);
  await uploads.delete(ada, deleted);
  const announced = await announce({ uploads }, ada, randomBytes(5));
  const others = [sent, deleted, announced.id, await file(bob), 9_999_999n, null];

  for (const other of others) {
    const error = await errorOf(send([good, other]));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ fields: [{ path: ['attachmentIds', '1'], code: 'NOT_FOUND' }] });
  }
  expect(await errorOf(send(Array.from({ length: 11 }, () => good)))).toMatchObject({
    fields: [{ path: ['attachmentIds'], code: 'TOO_MANY', limit: 10 }],
  });
  expect(await errorOf(node.messages.send(ada, { chatId: chat.id, text: ' ', attachmentIds: [] }))).toBeInstanceOf(
    TextEmptyError,
  );
  expect(await rowOf(good), 'nothing was taken by what was refused').toMatchObject({ chatId: null });
  expect((await send([good])).attachmentCount).toBe(1);
});

it('T97 does not send the picture that was sent to be an avatar', async () => {
  const { ada, send, db, file } = await aGroup();
  const id = await file();
  await db.query(`UPDATE upload SET purpose = 'AVATAR' WHERE id = $1`, [id]);

  expect(await errorOf(send([id]))).toMatchObject({ fields: [{ path: ['attachmentIds', '0'] }] });
  expect(ada).toBeDefined();
});

it('T98 gives a file to one message, however many ask for it at once, on two nodes', async () => {
  const { ada, chat, file, messages, filesOf } = await aGroup();
  const other = await chatNode(database.current);
  const { chat: elsewhere } = await other.group(ada);

  for (let round = 0; round < 5; round += 1) {
    const id = await file();
    const asked = Array.from({ length: 12 }, (_one, n) => ({ chatId: n % 3 === 2 ? elsewhere.id : chat.id, n }));
    const sent = await Promise.allSettled(
      asked.map(({ chatId, n }) =>
        (n % 2 === 0 ? messages : other.messages).send(ada, { chatId, text: `${n}`, attachmentIds: [id] }),
      ),
    );
    const done = sent.flatMap((one) => (one.status === 'fulfilled' ? [one.value.message] : []));
    expect(done).toHaveLength(1);
    for (const one of sent) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(InvalidInputError);
    if (done[0]!.chatId === chat.id) expect(await filesOf(ada, done[0]!)).toEqual([id]);
    expect(await rowOf(id)).toMatchObject({ chatId: done[0]!.chatId, messageSeq: done[0]!.seq });
  }
});

it('T98 a repeated key gets the first message, with its files, also when sent many times at once on two nodes', async () => {
  const { ada, chat, file, messages, send } = await aGroup();
  const other = await chatNode(database.current);

  for (let round = 0; round < 5; round += 1) {
    const attachmentIds = [await file(), await file()];
    const draft = { chatId: chat.id, text: 'Look', attachmentIds, clientMessageId: `key ${round}` };
    const sent = await Promise.all(
      Array.from({ length: 12 }, (_one, n) => (n % 2 === 0 ? messages : other.messages).send(ada, draft)),
    );
    expect(new Set(sent.map(({ message }) => message.seq)).size).toBe(1);
    expect(sent.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
    expect(sent.every(({ message }) => message.attachmentCount === 2)).toBe(true);
    const turned = { ...draft, attachmentIds: attachmentIds.toReversed() };
    expect(await errorOf(messages.send(ada, turned))).toBeInstanceOf(IdempotencyConflictError);
  }
  const key = { clientMessageId: 'without' };
  await messages.send(ada, { chatId: chat.id, text: 'Look', ...key });
  expect(await errorOf(send([await file()], { text: 'Look', ...key }))).toBeInstanceOf(IdempotencyConflictError);
});

it('T99 editing keeps the files, and may empty the text of a message that has some', async () => {
  const { ada, bob, chat, file, send, filesOf, messages } = await aGroup();
  const id = await file();
  const message = await send([id], { text: 'Look' });
  const plain = await messages.send(ada, { chatId: chat.id, text: 'Plain' });

  expect(await messages.edit(ada, message, '')).toMatchObject({ text: '', attachmentCount: 1 });
  expect(await filesOf(bob, message)).toEqual([id]);
  expect(await errorOf(messages.edit(ada, plain.message, ' '))).toBeInstanceOf(TextEmptyError);
});

it('T99 a deleted message has no files: they are gone for everybody at once, and their bytes an hour later', async () => {
  const { ada, chat, file, send, filesOf, messages, attachments, db, store } = await aGroup();
  const [id, kept] = [await file(), await file()];
  const message = await send([id]);
  await send([kept]);
  const { hash } = (await attachments.byIds(ada, [id]))[0]!;
  const key = Buffer.from(hash).toString('hex');

  const { deleted } = await messages.delete(ada, chat.id, [{ rawId: 'a', key: message }]);

  expect(deleted[0]).toMatchObject({ attachmentCount: 0 });
  expect([await filesOf(ada, message), await attachments.byIds(ada, [id])]).toEqual([[], [null]]);
  await sweepFiles(db, store);
  expect(await store.read(key), 'whoever reads them now').not.toBeNull();
  await db.query(`UPDATE upload SET expires_at = expires_at - interval '61 minutes' WHERE id = $1`, [id]);
  await sweepFiles(db, store);
  expect(await store.read(key)).toBeNull();
  expect(await rowOf(id)).toBeUndefined();
  expect(await rowOf(kept)).toMatchObject({ chatId: chat.id });
});

it('T99 files that were sent are no longer among those that wait, but count as their owner’s', async () => {
  const { ada, file, send, uploads } = await aGroup();
  const id = await file();
  await send([id]);

  await expect(uploads.delete(ada, id)).rejects.toThrow('Upload');
  await database.current.query(`UPDATE upload SET byte_size = 3000000 WHERE id = $1`, [id]);
  const small = await chatNode(database.current, { settings: { filesMbPerUser: 3 } });
  await expect(
    small.uploads.create(ada, { purpose: 'ATTACHMENT', filename: 'a', byteSize: 400_000 }),
  ).rejects.toMatchObject({ fields: [{ path: ['byteSize'], code: 'NOT_ALLOWED' }] });
});

it('T99 searches among messages with files, by words or without, and among those without', async () => {
  const { ada, chat, file, send, messages, messageSearch, say } = await aGroup();
  const withFile = await send([await file()], { text: 'a green bottle' });
  const only = await send([await file()]);
  const without = await say(ada, chat, 'a green bottle too');
  const find = async (query: string, hasAttachment?: boolean) =>
    (await messageSearch.search(ada, { query, chatId: chat.id, hasAttachment }))!.edges.map(({ node }) => node.seq);

  expect(await find('bottle')).toEqual([without, withFile.seq]);
  expect(await find('bottle', true)).toEqual([withFile.seq]);
  expect(await find('bottle', false)).toEqual([without]);
  expect(await find('', true)).toEqual([only.seq, withFile.seq]);
  expect([await find('', false), await find('#'), await find('"#"')]).toEqual([[], [], []]);
  await messages.edit(ada, withFile, 'a red bottle');
  expect([await find('red', true), await find('green', true)]).toEqual([[withFile.seq], []]);
  await messages.delete(ada, chat.id, [{ rawId: 'a', key: only }]);
  expect(await find('', true)).toEqual([withFile.seq]);
});

it('T98 a hundred sends that name one file hold up nobody: they are asked twice, all together', async () => {
  const { db, count } = counting(database.current);
  const node = await chatNode({ ...database.current, ...db });
  const ada = await someone();
  const { chat } = await node.group(ada);
  const { id } = await upload(node, ada, randomBytes(20));

  const before = count();
  const sent = await Promise.allSettled(
    Array.from({ length: 100 }, (_one, n) =>
      node.messages.send(ada, { chatId: chat.id, text: `${n}`, attachmentIds: [id], clientMessageId: `${n}` }),
    ),
  );

  expect(sent.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(count() - before).toBeLessThan(9);
});
