import { describe, expect, it } from 'vitest';
import { readRange } from '../../src/server/byte-range.js';

describe('A range of a file of 100 bytes', () => {
  it.each([
    ['bytes=0-0', { first: 0, last: 0 }],
    ['bytes=10-19', { first: 10, last: 19 }],
    ['bytes=90-', { first: 90, last: 99 }],
    ['bytes=90-200', { first: 90, last: 99 }],
    ['bytes=-10', { first: 90, last: 99 }],
    ['bytes=-200', { first: 0, last: 99 }],
  ])('%s is %j', (header, range) => {
    expect(readRange(header, 100)).toEqual(range);
  });

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0'])('%s lies beyond the end', (header) => {
    expect(readRange(header, 100)).toBeNull();
  });

  it.each([
    undefined,
    '',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'items=0-1',
    'bytes=a-b',
    `bytes=${'9'.repeat(30)}-`,
  ])('%s is the whole', (header) => {
    expect(readRange(header, 100)).toBeUndefined();
  });
});
