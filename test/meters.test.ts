import { expect, it } from 'vitest';
import { createHistogram, createHistograms, createTally } from '../src/meters.js';

it('A histogram counts each value under the first bound that is not below it, and adds them up', () => {
  const histogram = createHistogram([1, 5]);

  for (const value of [0, 1, 1.5, 5, 7, 8]) histogram.observe(value);

  expect(histogram).toMatchObject({ counts: [2, 2, 2], sum: 22.5 });
});

it('Histograms and tallies keep each name apart, and a tally goes down too', () => {
  const histograms = createHistograms();
  const tally = createTally();

  for (const [name, value] of [['one', 1] as const, ['other', 2] as const, ['one', 3] as const]) {
    histograms.observe(name, value);
    tally.add(name);
  }
  tally.add('one', -1);

  expect([...histograms.all()].map(([name, { sum }]) => [name, sum])).toEqual([
    ['one', 4],
    ['other', 2],
  ]);
  expect([...tally.counts()]).toEqual([
    ['one', 1],
    ['other', 1],
  ]);
});
