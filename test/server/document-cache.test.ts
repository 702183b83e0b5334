import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { createDocumentCache } from '../../src/server/document-cache.js';
import { postBody } from '../support/http.js';
import { ownNode } from '../support/node.js';

const node = ownNode();
const document = parse('{ viewer { id } }');

it('a document is found again, and not one of another text', () => {
  const cache = createDocumentCache();

  cache.set('{ viewer { id } }', document);

  expect(cache.get('{ viewer { id } }')).toBe(document);
  expect(cache.get('{ viewer { name } }')).toBeUndefined();
});

it('documents that were not used for the longest time go, once all of them are too long', () => {
  const cache = createDocumentCache(80);
  const texts = Array.from({ length: 8 }, (_, n) => String(n).repeat(10));
  for (const text of texts) cache.set(text, document);
  cache.get(texts[0]!);

  cache.set('newest', document);

  expect(texts.filter((text) => cache.get(text) === undefined)).toEqual([texts[1]]);
  expect(cache.get('newest')).toBe(document);
});

it('a document that is long by itself pushes out no other', () => {
  const cache = createDocumentCache(80);
  cache.set('short', document);

  cache.set('x'.repeat(11), document);

  expect(cache.get('x'.repeat(11))).toBeUndefined();
  expect(cache.get('short')).toBe(document);
});

it('one that is kept twice counts once', () => {
  const cache = createDocumentCache(80);
  cache.set('other', document);

  for (let times = 0; times < 20; times++) cache.set('same', document);

  expect(cache.get('other')).toBe(document);
});

/** In MB, of what is still held. */
const heap = () => {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

it.each([
  ['of many words', (n: number) => `{ ${'__typename '.repeat(1900)}} # ${n}`],
  ['of one long text', (n: number) => `{ __typename } # ${n} ${'x'.repeat(250_000)}`],
  ['that are none', (n: number) => `{ __typename ${n} ${'x'.repeat(250_000)}`],
])('documents %s leave nothing behind, however many come without an account', async (_kind, documentOf) => {
  const before = heap();

  for (let n = 0; n < 150; n++) await postBody(node.endpoint, JSON.stringify({ query: documentOf(n) }));

  expect(heap() - before).toBeLessThan(25);
});
