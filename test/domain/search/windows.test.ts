import { describe, expect, it } from 'vitest';
import { windowsOf } from '../../../src/domain/search/windows.js';

const day = (number: number) => new Date(Date.UTC(2026, 0, number));
const FROM = new Date(0);
const LATEST = new Date('9999-12-31T00:00:00Z');

describe('the windows of a search', () => {
  it('are one where there is little to look through', () => {
    expect(windowsOf([{ messageCount: 900, createdAt: day(1), activityAt: day(100) }], LATEST, FROM)).toEqual([FROM]);
    expect(windowsOf([], LATEST, FROM)).toEqual([FROM]);
  });

  it('hold more messages each, as far as the chats tell', () => {
    const chats = [
      { messageCount: 100_000, createdAt: day(1), activityAt: day(101) },
      { messageCount: 500_000, createdAt: day(1), activityAt: day(51) },
    ];

    const windows = windowsOf(chats, LATEST, FROM);

    expect(windows.slice(0, 2)).toEqual([day(100), day(93)]);
    expect(windows.at(-1)).toEqual(FROM);
    expect(windows).toHaveLength(4);
    expect([...windows].sort((one, other) => other.getTime() - one.getTime())).toEqual(windows);
  });

  it('begin where the page does, and end where the search does', () => {
    const chats = [{ messageCount: 100_000, createdAt: day(1), activityAt: day(101) }];

    expect(windowsOf(chats, day(51), day(45))).toEqual([day(50), day(45)]);
    expect(windowsOf(chats, day(45), day(51))).toEqual([day(51)]);
  });
});
