import { expect, it } from 'vitest';
import { gather } from '../../src/db/gather.js';

/** Answers with each key and how many reads there were by then. */
const counted = (options: Parameters<typeof gather<string, string>>[1] = {}) => {
  const reads: string[][] = [];
  const ask = gather<string, string>((keys) => {
    reads.push([...keys]);
    return Promise.resolve(keys.map((key) => (key === 'bad' ? new Error('Bad') : `${key} ${reads.length}`)));
  }, options);
  return { ask, reads };
};

it('reads together what is asked for in one turn, in order', async () => {
  const { ask, reads } = counted();

  const answers = await Promise.all(['a', 'b', 'a'].map(ask));

  expect(answers).toEqual(['a 1', 'b 1', 'a 1']);
  expect(reads).toEqual([['a', 'b', 'a']]);
});

it('reads equal keys once', async () => {
  const { ask, reads } = counted({ keyOf: (key) => key.toLowerCase() });

  const answers = await Promise.all(['a', 'b', 'A'].map(ask));

  expect(answers).toEqual(['a 1', 'b 1', 'a 1']);
  expect(reads).toEqual([['a', 'b']]);
});

it('reads again what is asked for once the read has begun, even if that is not answered yet', async () => {
  const reads: (() => void)[] = [];
  const ask = gather<string, number>(
    (keys) => new Promise((resolve) => reads.push(() => resolve(keys.map(() => reads.length)))),
    { keyOf: (key) => key },
  );

  const first = ask('a');
  while (reads.length < 1) await new Promise(setImmediate);
  const second = ask('a');
  reads[0]!();
  const answered = await first;
  while (reads.length < 2) await new Promise(setImmediate);
  reads[1]!();

  expect([answered, await second]).toEqual([1, 2]);
});

it('reads at most so many keys at once', async () => {
  const { ask, reads } = counted({ most: 2, keyOf: (key) => key });

  const answers = await Promise.all(['a', 'b', 'c', 'a', 'c'].map(ask));

  expect(answers).toEqual(['a 1', 'b 1', 'c 2', 'a 1', 'c 2']);
  expect(reads).toEqual([['a', 'b'], ['c']]);
});

it('fails only those who asked for what has an error', async () => {
  const { ask } = counted({ keyOf: (key) => key });

  const answers = await Promise.allSettled(['a', 'bad', 'bad', 'b'].map(ask));

  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
});
