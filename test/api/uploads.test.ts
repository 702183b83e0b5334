/** From `createUpload` to stored bytes, over HTTP. */
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DeleteUploadDocument } from '../support/generated/operations.js';
import {
  addressOf,
  attachmentOf,
  createUpload,
  get,
  put,
  tryCreateUpload,
  uploaded,
  type Upload,
} from '../support/files.js';
import { ownNode, startNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { post } from '../support/http.js';
import { until } from '../support/until.js';

const node = ownNode();

/** What lies where bytes are on their way. */
const onTheWay = () => readdirSync(join(node.config.dataDir, 'files/tmp'));

describe('An upload', () => {
  it('T82 is announced, put to its link, and then seen by its owner, with the same bytes', async () => {
    const ada = await newPerson(node);
    const bytes = randomBytes(200_000);

    const upload = await createUpload(ada, {
      filename: 'report.bin',
      byteSize: bytes.length,
      contentType: 'text/html',
    });
    const { status, body } = await put(node, upload, bytes);

    expect(upload).toMatchObject({
      maxBytes: 200_000,
      headers: { 'Content-Type': 'application/octet-stream' },
      url: expect.stringMatching(/^\/uploads\//) as string,
    });
    expect(Date.parse(upload.expiresAt) - Date.now()).toBeGreaterThan(86_300_000);
    expect(status).toBe(201);
    const attachment = (await attachmentOf(ada, String(body.id)))!;
    expect(attachment).toMatchObject({
      filename: 'report.bin',
      kind: 'FILE',
      contentType: 'application/octet-stream',
      byteSize: 200_000,
      width: null,
      thumbHash: null,
      thumbnailUrl: null,
    });
    expect(body).toMatchObject({ filename: 'report.bin', kind: 'FILE', byteSize: 200_000, url: attachment.url });
    expect(Buffer.from(await (await get(node, attachment.url)).arrayBuffer())).toEqual(bytes);
    expect(onTheWay()).toEqual([]);
  });

  it('is nobody else’s business until it is sent, and administrators are no exception', async () => {
    const [ada, bob] = [await newPerson(node), await newPerson(node)];
    const { id } = await uploaded(ada, randomBytes(10));
    const upload = await createUpload(ada);

    expect(await attachmentOf(bob, id)).toBeNull();
    expect((await bob.ask(DeleteUploadDocument, { uploadId: upload.id })).deleteUpload).toMatchObject({
      __typename: 'NotFoundError',
    });
    const { errors } = await post(
      node.endpoint,
      'mutation { createUpload(input: { filename: "a", byteSize: 1 }) { __typename } }',
    );
    expect(errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  });

  it('T83 may be put again: the same bytes are taken, others are a conflict', async () => {
    const ada = await newPerson(node);
    const bytes = randomBytes(5000);
    const upload = await createUpload(ada, { byteSize: bytes.length });

    const answers = [await put(node, upload, bytes), await put(node, upload, bytes)];
    const other = await put(node, upload, randomBytes(5000));

    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[1]!.body.id).toBe(answers[0]!.body.id);
    expect(other).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    const attachment = await attachmentOf(ada, String(answers[0]!.body.id));
    expect(Buffer.from(await (await get(node, attachment!.url)).arrayBuffer())).toEqual(bytes);
  });

  it('may be put by many at once, with one outcome', async () => {
    const ada = await newPerson(node);
    const upload = await createUpload(ada, { byteSize: 100_000 });
    const two = [randomBytes(100_000), randomBytes(100_000)];

    const answers = await Promise.all([0, 1, 0, 1, 0, 1].map((which) => put(node, upload, two[which]!)));

    const id = answers.find(({ status }) => status === 201)?.body.id;
    const attachment = await attachmentOf(ada, String(id));
    const stored = Buffer.from(await (await get(node, attachment!.url)).arrayBuffer());
    const winner = two.findIndex((bytes) => bytes.equals(stored));
    expect(winner).toBeGreaterThan(-1);
    for (const [place, { status }] of answers.entries()) {
      expect([place % 2 === winner ? [201, 409] : [409]].flat()).toContain(status);
    }
    expect((await put(node, upload, two[winner]!)).status).toBe(201);
  });

  it('is gone once it is taken back, for whoever has its link too', async () => {
    const ada = await newPerson(node);
    const upload = await createUpload(ada);

    const deleted = await ada.ask(DeleteUploadDocument, { uploadId: upload.id });

    expect(deleted.deleteUpload).toEqual({ __typename: 'DeleteUploadSuccess', uploadId: upload.id });
    expect(await put(node, upload, 'x')).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    const again = await ada.ask(DeleteUploadDocument, { uploadId: upload.id });
    expect(again.deleteUpload).toEqual({ __typename: 'NotFoundError', reason: 'Upload not found' });
  });

  it.each([
    ['a path', '../../etc/passwd', 'passwd'],
    ['a path of Windows', 'C:\\Users\\ada\\photo.jpg', 'photo.jpg'],
    ['a turned ending', 'invoice\u202Efdp.exe', 'invoicefdp.exe'],
    ['Hebrew', 'דוח שנתי.pdf', 'דוח שנתי.pdf'],
    ['an emoji', '👩‍👩‍👧 album.zip', '👩‍👩‍👧 album.zip'],
    ['255 bytes', `${'ж'.repeat(125)}.docx`, `${'ж'.repeat(125)}.docx`],
  ])('T84 has a name without tricks: %s', async (_kind, written, filename) => {
    const ada = await newPerson(node);

    expect((await uploaded(ada, randomBytes(3), written)).filename).toBe(filename);
  });

  it.each([
    [{ byteSize: 0 }, 'byteSize', 'OUT_OF_RANGE'],
    [{ byteSize: -5 }, 'byteSize', 'OUT_OF_RANGE'],
    [{ byteSize: 25 * 1024 * 1024 + 1 }, 'byteSize', 'OUT_OF_RANGE'],
    [{ filename: '' }, 'filename', 'BLANK'],
    [{ filename: 'folder/..' }, 'filename', 'BLANK'],
    [{ filename: '\u200b' }, 'filename', 'BLANK'],
    [{ filename: 'a\nb' }, 'filename', 'MALFORMED'],
    [{ filename: 'a\0b' }, 'filename', 'MALFORMED'],
    [{ filename: 'ж'.repeat(128) }, 'filename', 'TOO_LONG'],
  ])('is refused with %j', async (input, field, code) => {
    const ada = await newPerson(node);

    expect(await tryCreateUpload(ada, input)).toMatchObject({
      __typename: 'InvalidInputError',
      fields: [{ path: [field], code }],
    });
  });
});

describe('T85 Bytes that', () => {
  const refused = async (answer: Awaited<ReturnType<typeof put>>, status: number, code: string) => {
    expect(answer).toMatchObject({ status, body: { status, code, type: 'about:blank' } });
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body.detail).toMatch(/\S/);
    await until(() => onTheWay().length === 0, 'nothing on its way');
  };

  it('are more than announced are refused, whether their length is told or not', async () => {
    const upload = await createUpload(await newPerson(node), { byteSize: 1000 });

    await refused(await put(node, upload, randomBytes(1001)), 413, 'TOO_LONG');
    await refused(await put(node, upload, Readable.from([randomBytes(600), randomBytes(600)])), 413, 'TOO_LONG');
    expect((await put(node, upload, randomBytes(1000))).status).toBe(201);
  });

  it('are fewer than announced are refused, none included', async () => {
    const upload = await createUpload(await newPerson(node), { byteSize: 1000 });

    await refused(await put(node, upload, randomBytes(999)), 400, 'WRONG_SIZE');
    await refused(await put(node, upload, ''), 400, 'WRONG_SIZE');
  });

  it('break off leave nothing, and may come again', async () => {
    const upload = await createUpload(await newPerson(node), { byteSize: 1000 });
    const { hostname, port, pathname, search } = addressOf(node, upload.url);
    // It says 1000 and leaves after 10.
    const socket = connect(Number(port), hostname);
    socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n0123456789`);
    await until(() => onTheWay().length === 1, 'bytes on their way');
    socket.destroy();

    await until(() => onTheWay().length === 0, 'nothing on its way');
    expect((await put(node, upload, randomBytes(1000))).status).toBe(201);
  });

  it('come with another link, or none, are refused unread', async () => {
    const ada = await newPerson(node);
    const [one, other] = [await createUpload(ada), await createUpload(ada)];
    const linkOf = ({ url }: Upload) => new URL(url, node.endpoint);
    const swapped = linkOf(one);
    swapped.search = linkOf(other).search;
    const later = linkOf(one);
    later.searchParams.set('until', String(Number(later.searchParams.get('until')) + 1));
    const past = linkOf(one);
    past.searchParams.set('until', '1700000000');

    for (const url of [swapped, later, new URL(swapped.pathname, swapped), new URL('/uploads/x', swapped)])
      await refused(await put(node, { url: url.href }, 'x'), 404, 'NOT_FOUND');
    await refused(await put(node, { url: past.href }, 'x'), 403, 'LINK_EXPIRED');
    await refused(await put(node, one, 'x', { 'Content-Encoding': 'gzip' }), 415, 'ENCODING');
    expect((await get(node, one.url)).status).toBe(405);
  });

  it('are asked for first (Expect: 100-continue) are refused before they are sent', async () => {
    const upload = await createUpload(await newPerson(node), { byteSize: 10 });
    const ask = (length: number) =>
      new Promise<number | 'continue'>((resolve, reject) => {
        const request = httpRequest(addressOf(node, upload.url), {
          method: 'PUT',
          headers: { Expect: '100-continue', 'Content-Length': length },
        });
        request.once('continue', () => resolve('continue'));
        request.once('response', ({ statusCode }) => resolve(statusCode!));
        request.once('error', reject);
        request.flushHeaders();
        onTestFinished(() => void request.destroy());
      });

    expect(await ask(11)).toBe(413);
    expect(await ask(10)).toBe('continue');
  });
});

describe('What a user may hold', () => {
  it('T86 has a bound that counts what is only announced, also for many at once', async () => {
    const limited = await startNode({ filesMbPerUser: 1 });
    const ada = await newPerson(limited);
    const half = 600_000;

    const answers = await Promise.all([1, 2, 3, 4].map(() => tryCreateUpload(ada, { byteSize: half })));

    const types = answers.map((answer) => answer?.__typename).sort();
    expect(types).toEqual(['CreateUploadSuccess', ...Array<string>(3).fill('InvalidInputError')]);
    expect(answers.find((answer) => answer?.__typename === 'InvalidInputError')).toMatchObject({
      fields: [{ path: ['byteSize'], code: 'NOT_ALLOWED', limit: 1_048_576 - half }],
    });
    const [created] = answers.flatMap((answer) =>
      answer?.__typename === 'CreateUploadSuccess' ? [answer.upload] : [],
    );
    await ada.ask(DeleteUploadDocument, { uploadId: created!.id });
    expect((await tryCreateUpload(ada, { byteSize: half }))?.__typename).toBe('CreateUploadSuccess');
    await limited.stop();
  });

  it('is at most 100 that are not used', async () => {
    const ada = await newPerson(node);
    for (let count = 0; count < 100; count += 1) await createUpload(ada);

    expect(await tryCreateUpload(ada)).toMatchObject({
      fields: [{ path: ['filename'], code: 'TOO_MANY', limit: 100 }],
    });
  });

  it('is begun so many times a minute, and nothing where the operator wants no files', async () => {
    const limited = await startNode({ uploadsPerMinute: 2 });
    const ada = await newPerson(limited);
    const answers = [await tryCreateUpload(ada), await tryCreateUpload(ada), await tryCreateUpload(ada)];
    await limited.stop();
    const without = await startNode({ attachmentMaxMb: 0 });
    const bob = await newPerson(without);

    expect(answers.map((answer) => answer?.__typename)).toEqual([
      'CreateUploadSuccess',
      'CreateUploadSuccess',
      'RateLimitedError',
    ]);
    expect(await tryCreateUpload(bob)).toMatchObject({ __typename: 'ForbiddenError' });
    expect(await bob.ask('{ serverInfo { maxAttachmentBytes } }')).toEqual({ serverInfo: { maxAttachmentBytes: 0 } });
    await without.stop();
  });

  it('T87 is received ten at a time, and no more', async () => {
    const ada = await newPerson(node);
    const upload = await createUpload(ada, { byteSize: 1000 });
    const { hostname, port, pathname, search } = addressOf(node, upload.url);
    const sockets = Array.from({ length: 10 }, () => {
      const socket = connect(Number(port), hostname);
      socket.write(`PUT ${pathname}${search} HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n0123456789`);
      return socket;
    });
    await until(() => onTheWay().length === 10, 'ten on their way');

    const eleventh = await put(node, upload, randomBytes(1000));

    expect(eleventh).toMatchObject({ status: 429, body: { code: 'TOO_MANY' } });
    expect(eleventh.headers.get('retry-after')).toBe('5');
    for (const socket of sockets) socket.destroy();
    await until(() => onTheWay().length === 0, 'nothing on its way');
    expect((await put(node, upload, randomBytes(1000))).status).toBe(201);
  });
});
