import { expect, it } from 'vitest';
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../../../src/domain/errors.js';
import type { ReportRow } from '../../../src/domain/messages/reports.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, counting, errorOf, newPerson } from '../../support/chats.js';
import { emptyDatabase, ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);

/** A dialog, and an administrator who is not in it. */
const aDialog = async (options?: Parameters<typeof chatNode>[1], db = database.current) => {
  const node = await chatNode(db, options);
  const [ada, bob, admin] = [await newPerson(db), await newPerson(db), await newPerson(db, 'ADMIN')];
  const { chat } = await node.chats.openDirect(ada, bob.id);
  const say = async (text = 'Hello', sender = bob) => ({ chatId: chat.id, seq: await node.say(sender, chat, text) });
  const report = (key: { chatId: bigint; seq: number } | null, person = ada, more = {}) =>
    node.reports.report(person, { message: key, reason: 'SPAM', ...more });
  const listed = async (person: Viewer, status: ReportRow['status'] = 'OPEN') =>
    (await node.reports.list(person, status, {})).edges.map(({ node: { id } }) => id);
  return { ...node, ada, bob, admin, chat, say, report, listed };
};

it('T48 a report keeps what was written, whatever becomes of the message', async () => {
  const { ada, bob, admin, chat, messages, reports, report, say } = await aDialog();
  const key = await say('Buy this');

  const made = await report(key, ada, { reason: 'ABUSE', comment: 'Every day' });
  expect(made).toMatchObject({
    reporterId: ada.id,
    reason: 'ABUSE',
    comment: 'Every day',
    text: 'Buy this',
    status: 'OPEN',
  });
  await messages.edit(bob, key, 'Hello');
  await messages.delete(bob, chat.id, [{ rawId: 'a', key }]);

  expect(await reports.byIds(admin, [made.id])).toEqual([made]);
  expect(await reports.message(admin, made.id)).toMatchObject({ ...key, text: null });
  expect((await reports.message(admin, made.id))!.deletedAt).toBeInstanceOf(Date);
});

it('T48 is by who sees the message, of somebody else’s that is not deleted', async () => {
  const { ada, bob, admin, chat, messages, report, say } = await aDialog();
  const key = await say();

  for (const stranger of [await someone(), admin])
    expect(await errorOf(report(key, stranger))).toEqual(new NotFoundError('Message'));
  for (const nothing of [null, { ...key, seq: 99 }])
    expect(await errorOf(report(nothing))).toEqual(new NotFoundError('Message'));
  expect(await errorOf(report(key, bob))).toMatchObject({ fields: [{ path: ['messageId'], code: 'NOT_ALLOWED' }] });
  expect(await errorOf(report(key, ada, { comment: 'x'.repeat(1001) }))).toMatchObject({
    fields: [{ path: ['comment'], code: 'TOO_LONG', limit: 1000 }],
  });
  expect(await errorOf(report(key, ada, { comment: 'a\0b' }))).toBeInstanceOf(InvalidInputError);
  await messages.delete(bob, chat.id, [{ rawId: 'a', key }]);
  expect(await errorOf(report(key))).toEqual(new NotFoundError('Message'));
});

it('T48 somebody who reports a message again, or at once, has reported it once until that is decided', async () => {
  const { ada, admin, messages, bob, chat, reports, report, say } = await aDialog();
  const other = await chatNode(database.current);
  const key = await say();
  for (let round = 0; round < 10; round += 1) {
    const message = round === 0 ? key : await say();
    const made = await Promise.all(
      [reports, other.reports, reports, other.reports].map((those) => those.report(ada, { message, reason: 'SPAM' })),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  }

  const { id } = await report(key);
  await messages.delete(bob, chat.id, [{ rawId: 'a', key }]);
  expect((await report(key)).id).toBe(id);

  const next = await say();
  const first = await report(next);
  await reports.resolve(admin, first.id, 'DISMISSED');
  expect((await report(next)).id).not.toBe(first.id);
});

it('T48 are limited by the minute; those that report nothing new are not counted', async () => {
  const { report, say } = await aDialog({ settings: { reportsPerMinute: 2 } });
  const [one, two, three] = [await say(), await say(), await say()];

  await report(one);
  await report(one);
  await errorOf(report(null));
  await report(two);
  expect(await errorOf(report(three))).toBeInstanceOf(RateLimitedError);
  await report(two);
});

it('T49 administrators read them by status, the oldest first, page by page; others read none', async () => {
  const db = await emptyDatabase();
  const { ada, bob, admin, reports, report, say, listed } = await aDialog({}, db);
  const made: bigint[] = [];
  for (let n = 0; n < 4; n += 1) made.push((await report(await say())).id);
  await reports.resolve(admin, made[1]!, 'RESOLVED');

  expect(await listed(admin)).toEqual([made[0], made[2], made[3]]);
  expect(await listed(admin, 'RESOLVED')).toEqual([made[1]]);
  const page = await reports.list(admin, 'OPEN', { first: 2 });
  const rest = await reports.list(admin, 'OPEN', { after: page.pageInfo.endCursor });
  expect(rest.edges.map(({ node }) => node.id)).toEqual([made[3]]);

  const program: Viewer = {
    ...admin,
    credential: { kind: 'apiToken', scopes: ['CHAT'] } as unknown as Viewer['credential'],
  };
  for (const nobody of [ada, bob, await newPerson(db, 'MANAGER'), program]) {
    expect(await listed(nobody)).toEqual([]);
    expect(await reports.messagesAround(nobody, made[0]!)).toEqual([]);
  }
  expect(await reports.byIds(ada, made)).toHaveLength(4);
  for (const nobody of [bob, program]) expect(await reports.byIds(nobody, made)).toEqual([null, null, null, null]);
  expect(await reports.message(ada, made[0]!)).toMatchObject({ text: 'Hello' });
  expect(await reports.message(bob, made[0]!)).toBe(null);
});

it('T49 they see the message and ten around it, also in a dialog, and no more of that', async () => {
  const { db, count } = counting(database.current);
  const { admin, chat, chats, messages, reports, report, say } = await aDialog({}, { ...database.current, ...db });
  const keys = [];
  for (let n = 1; n <= 13; n += 1) keys.push(await say(`${n}`));
  const [made, other] = [await report(keys[6]!), await report(keys[0]!)];

  const before = count();
  const [message, around, atTheEnd] = await Promise.all([
    reports.message(admin, made.id),
    reports.messagesAround(admin, made.id),
    reports.messagesAround(admin, other.id),
  ]);
  expect(count() - before).toBe(2);
  expect(message).toMatchObject({ text: '7' });
  expect(around.map(({ text }) => text)).toEqual(['2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
  expect(atTheEnd.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5', '6']);
  expect(await chats.visible(admin, chat.id)).toBe(null);
  expect(await messages.byKeys(admin, [keys[6]!])).toEqual([null]);
});

it('T50 administrators decide, and may open it again; who reported may not', async () => {
  const { ada, bob, admin, reports, report, say } = await aDialog();
  const another = await newPerson(database.current, 'ADMIN');
  const { id } = await report(await say());

  const resolved = await reports.resolve(admin, id, 'RESOLVED');
  expect(resolved).toMatchObject({ status: 'RESOLVED', resolvedById: admin.id });
  expect(resolved.resolvedAt).toBeInstanceOf(Date);
  expect(await reports.resolve(another, id, 'RESOLVED')).toEqual(resolved);
  expect(await reports.resolve(another, id, 'DISMISSED')).toMatchObject({ resolvedById: another.id });
  expect(await reports.resolve(admin, id, 'OPEN')).toMatchObject({ resolvedById: null, resolvedAt: null });

  expect(await errorOf(reports.resolve(ada, id, 'RESOLVED'))).toBeInstanceOf(ForbiddenError);
  for (const [person, report] of [
    [bob, id],
    [admin, 999_999n],
    [admin, null],
  ] as const)
    expect(await errorOf(reports.resolve(person, report, 'RESOLVED'))).toEqual(new NotFoundError('Report'));
});

it('T50 of administrators who decide the same at once, one has decided', async () => {
  const { admin, reports, report, say } = await aDialog();
  const another = await newPerson(database.current, 'ADMIN');
  const { id } = await report(await say());

  const answers = await Promise.all(
    [admin, another, admin, another].map((who) => reports.resolve(who, id, 'RESOLVED')),
  );
  expect(new Set(answers.map(({ resolvedById }) => resolvedById)).size).toBe(1);
});
