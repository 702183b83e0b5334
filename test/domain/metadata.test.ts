import { expect, it } from 'vitest';
import { readMetadata, type JsonObject } from '../../src/domain/metadata.js';

/** Counts how often it is gone through. */
const counted = (list: number[]) => {
  let looks = 0;
  const proxy = new Proxy(list, {
    ownKeys: (target) => {
      looks += 1;
      return Reflect.ownKeys(target);
    },
  });
  return { proxy, looks: () => looks };
};

it('is gone through no further than it may be long, where a literal repeats a large variable', () => {
  const { proxy, looks } = counted(Array<number>(50_000).fill(1));

  const read = readMetadata({ list: Array<unknown>(900).fill(proxy) });

  expect(read).toMatchObject({ problem: { code: 'TOO_LONG', limit: 4096 } });
  expect(looks()).toBe(1);
});

it.each<[string, JsonObject]>([
  ['a long text', { text: 'x'.repeat(4097) }],
  ['a long name', { ['x'.repeat(4097)]: 1 }],
  ['many values', { list: Array<number>(5000).fill(1) }],
])('is too long with %s', (_what, metadata) => {
  expect(readMetadata(metadata)).toMatchObject({ problem: { code: 'TOO_LONG', limit: 4096 } });
});

it('may be just as long as it may be', () => {
  const text = JSON.stringify({ text: 'x'.repeat(4096 - 11) });

  expect(text).toHaveLength(4096);
  expect(readMetadata(JSON.parse(text) as JsonObject)).toEqual({ text });
});
