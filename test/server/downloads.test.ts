/** GET of files by their links. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { addressOf, attachmentOf, createUpload, get, put, uploaded } from '../support/files.js';
import { noise } from '../support/pictures.js';
import { ownNode, startNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { until } from '../support/until.js';

const node = ownNode();

const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer());

describe('A file', () => {
  it('T93 is given with headers under which nothing in it can run, and browsers keep it', async () => {
    const ada = await newPerson(node);
    const page = Buffer.from('<!doctype html><script>alert(document.domain)</script>');
    const { url } = await uploaded(ada, page, 'page.html');

    const response = await get(node, url);

    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
      'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'cross-origin',
      'cache-control': 'private, max-age=31536000, immutable',
      'accept-ranges': 'bytes',
      'content-length': String(page.length),
      etag: expect.stringMatching(/^"[0-9a-f]{64}"$/) as string,
    });
    expect(await bytesOf(response)).toEqual(page);
  });

  it.each([
    ['SVG', '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'a.svg'],
    ['a PDF', '%PDF-1.7\n1 0 obj', 'a.pdf'],
    ['a page that calls itself a picture', '<html><script>alert(1)</script>', 'a.jpg'],
  ])('is never shown in place if it could run: %s', async (_kind, text, filename) => {
    const { url } = await uploaded(await newPerson(node), Buffer.from(text), filename);

    const { headers } = await get(node, url);

    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toMatch(/^attachment;/);
  });

  it('is shown in place if it is a picture, by its whole name', async () => {
    const { url, thumbnailUrl } = await uploaded(await newPerson(node), await noise(50, 50), 'Ёлка "2026" (1).jpg');

    const [picture, thumbnail] = [await get(node, url), await get(node, thumbnailUrl!)];

    expect(picture.headers.get('content-type')).toBe('image/jpeg');
    expect(picture.headers.get('content-disposition')).toBe(
      `inline; filename="____ _2026_ (1).jpg"; filename*=UTF-8''%D0%81%D0%BB%D0%BA%D0%B0%20%222026%22%20%281%29.jpg`,
    );
    expect(thumbnail.headers.get('content-type')).toBe('image/webp');
    expect(thumbnail.headers.get('content-disposition')).toMatch(/-64\.webp$/);
    expect(thumbnail.headers.get('accept-ranges')).toBe('none');
  });

  it('T94 is given in part: ranges, with and without If-Range, and nothing that is known', async () => {
    const bytes = randomBytes(10_000);
    const { url } = await uploaded(await newPerson(node), bytes);
    const etag = (await get(node, url)).headers.get('etag')!;
    const ask = (headers: Record<string, string>, method = 'GET') => get(node, url, { headers, method });

    const part = await ask({ Range: 'bytes=100-199' });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, 'bytes 100-199/10000']);
    expect(await bytesOf(part)).toEqual(bytes.subarray(100, 200));
    expect(await bytesOf(await ask({ Range: 'bytes=-5' }))).toEqual(bytes.subarray(-5));
    expect((await ask({ Range: 'bytes=9999-', 'If-Range': etag })).status).toBe(206);
    expect((await ask({ Range: 'bytes=9999-', 'If-Range': '"other"' })).status).toBe(200);
    expect((await ask({ Range: 'bytes=9999-', 'If-Range': 'Sat, 28 Nov 2026 02:00:00 GMT' })).status).toBe(200);
    const beyond = await ask({ Range: 'bytes=10000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10000']);
    const known = await ask({ 'If-None-Match': `"x", W/${etag}` });
    expect([known.status, (await bytesOf(known)).length]).toEqual([304, 0]);
    const head = await ask({}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), (await bytesOf(head)).length]).toEqual([200, '10000', 0]);
    expect((await ask({}, 'POST')).status).toBe(405);
  });

  it('is given to whoever has the link, and to nobody with another', async () => {
    const ada = await newPerson(node);
    const [one, other] = [await uploaded(ada, randomBytes(10)), await uploaded(ada, await noise(100, 100))];
    const changed = (url: string, change: (url: URL) => void) => {
      const address = addressOf(node, url);
      change(address);
      return address.href;
    };
    const refusal = async (url: string) => {
      const response = await get(node, url);
      expect(response.headers.get('content-type')).toBe('application/problem+json');
      expect(response.headers.get('cache-control')).toBe('no-store');
      return [response.status, ((await response.json()) as { code: string }).code];
    };

    expect((await get(node, one.url)).status).toBe(200);
    for (const url of [
      changed(one.url, (it) => (it.search = new URL(other.url, it).search)),
      changed(one.url, (it) => it.searchParams.set('until', '99999999999')),
      changed(one.url, (it) => it.searchParams.delete('signature')),
      changed(one.url, (it) => (it.pathname = '/files/999999999')),
      changed(one.url, (it) => (it.pathname = '/files/..%2f..%2fetc%2fpasswd')),
      changed(other.url, (it) => (it.pathname += '/64')),
      changed(other.thumbnailUrl!, (it) => (it.pathname = it.pathname.replace(/\d+$/, '65'))),
    ])
      expect(await refusal(url)).toEqual([404, 'NOT_FOUND']);
    expect(await refusal(changed(one.url, (it) => it.searchParams.set('until', '1700000000')))).toEqual([
      403,
      'LINK_EXPIRED',
    ]);
  });

  it('has the same link for all viewers and for half an hour, good for half an hour more', async () => {
    const ada = await newPerson(node);
    const { id } = await uploaded(ada, randomBytes(10));

    const [one, two] = [(await attachmentOf(ada, id))!, (await attachmentOf(ada, id))!];

    expect(one.url).toBe(two.url);
    const left = Date.parse(one.urlExpiresAt) - Date.now();
    expect(left).toBeGreaterThan(1_795_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
  });
});

describe('A page of another origin', () => {
  const origin = 'https://app.example.org';

  it('may put and get files where ALLOWED_ORIGINS has it, with progress, after a preflight', async () => {
    const open = await startNode({ allowedOrigins: [origin] });
    const ada = await newPerson(open);
    const upload = await createUpload(ada, { byteSize: 3 });

    const preflight = await get(open, upload.url, {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'content-type',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('content-type');
    const answer = await put(open, upload, 'abc', { Origin: origin });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([201, origin]);
    const got = await get(open, String(answer.body.url), { headers: { Origin: origin } });
    expect([got.status, got.headers.get('access-control-allow-origin'), got.headers.get('vary')]).toEqual([
      200,
      origin,
      'Origin',
    ]);
    const foreign = await put(open, upload, 'abc', { Origin: 'https://evil.example' });
    expect(foreign).toMatchObject({ status: 403, body: { code: 'ORIGIN' } });
    expect(foreign.headers.get('access-control-allow-origin')).toBeNull();
    await open.stop();
  });
});

describe('PUBLIC_URL', () => {
  it('makes links absolute, with the path of a proxy', async () => {
    const proxied = await startNode({ publicUrl: 'https://chat.example.org/parley' });
    const upload = await createUpload(await newPerson(proxied));
    await proxied.stop();

    expect(upload.url).toMatch(/^https:\/\/chat\.example\.org\/parley\/uploads\/\d+\?until=/);
  });
});

describe('A client that stops taking a file', () => {
  it('is given up', async () => {
    const impatient = await startNode({ slowReaderSeconds: 1 });
    const { url } = await uploaded(await newPerson(impatient), randomBytes(20 * 1024 * 1024));
    const { hostname, port, pathname, search } = addressOf(impatient, url);
    const socket = connect(Number(port), hostname).on('error', () => undefined);
    socket.pause();
    let isClosed = false;
    socket.once('close', () => (isClosed = true));
    socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: a\r\n\r\n`);

    await until(() => impatient.log.some(({ msg, method }) => msg === 'Request' && method === 'GET'), 'its end');
    // What the kernel holds comes still.
    socket.resume();
    await until(() => isClosed, 'the connection to be closed');
    expect(socket.bytesRead).toBeLessThan(20 * 1024 * 1024);
    await impatient.stop();
  });
});
