/** Files in a browser, on a page of another origin than the API: sent with progress, shown, and never run. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../support/browser.js';
import { addressOf, createUpload, uploaded } from '../support/files.js';
import { startNode } from '../support/node.js';
import { newPerson } from '../support/people.js';
import { noise } from '../support/pictures.js';

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser.close());

/** An empty page at an origin of its own. */
const servePage = async (): Promise<string> => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>page</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

it('are sent with progress by XMLHttpRequest, shown by <img>, and kept by the browser', async () => {
  const origin = await servePage();
  const node = await startNode({ allowedOrigins: [origin] });
  onTestFinished(() => node.stop());
  const ada = await newPerson(node);
  const bytes = await noise(1500, 1000);
  const upload = await createUpload(ada, { filename: 'photo.jpg', byteSize: bytes.length });
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(origin);

  const sent = await page.evaluate(
    ({ url, headers, base64 }) =>
      new Promise<{ status: number; body: string; steps: number[] }>((resolve, reject) => {
        const body = Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));
        const steps: number[] = [];
        const request = new XMLHttpRequest();
        request.open('PUT', url);
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
        request.upload.onprogress = ({ loaded, total }) => steps.push(loaded / total);
        request.onload = () => resolve({ status: request.status, body: request.responseText, steps });
        request.onerror = () => reject(new Error('It failed'));
        request.send(body);
      }),
    {
      url: addressOf(node, upload.url).href,
      headers: upload.headers as Record<string, string>,
      base64: bytes.toString('base64'),
    },
  );
  expect(sent.status).toBe(201);
  expect(sent.steps.at(-1)).toBe(1);

  const { url } = JSON.parse(sent.body) as { url: string };
  const shown = await page.evaluate(async (src) => {
    const image = new Image();
    image.src = src;
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  }, addressOf(node, url).href);
  expect(shown).toEqual([1500, 1000]);
});

it('that are pages do not run, even where somebody opens them', async () => {
  const node = await startNode();
  onTestFinished(() => node.stop());
  const evil = Buffer.from('<!doctype html><title>evil</title><script>document.title = "run"</script>');
  const { url } = await uploaded(await newPerson(node), evil, 'page.html');
  const page = await browser.newPage();
  onTestFinished(() => page.close());

  const downloading = page.waitForEvent('download');
  // It is saved, so the page stays where it was.
  await page.goto(addressOf(node, url).href).catch(() => undefined);

  expect((await downloading).suggestedFilename()).toBe('page.html');
  expect(await page.title()).toBe('');
});
