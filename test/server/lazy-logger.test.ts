/** The logger of an operation, most of which write no line. */
import { expect, it } from 'vitest';
import { createLogger } from '../../src/logger.js';
import { lazyLogger } from '../../src/server/lazy-logger.js';

const started = () => {
  const lines: string[] = [];
  let asked = 0;
  const logger = createLogger({ level: 'warn', stream: { write: (line) => void lines.push(line) } });
  const own = lazyLogger(logger, () => {
    asked += 1;
    return { requestId: 'r1' };
  });
  return { own, lines, asked: () => asked };
};

it('gathers its fields once, with the first line', () => {
  const { own, lines, asked } = started();

  own.warn('one');
  own.child({ chatId: 'c1' }).error({ seq: 1 }, 'two');

  expect(asked()).toBe(1);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { level: 'warn', requestId: 'r1', msg: 'one' },
    { level: 'error', requestId: 'r1', chatId: 'c1', seq: 1, msg: 'two' },
  ]);
});

it('gathers nothing for a line that is not written', () => {
  const { own, lines, asked } = started();

  own.info({ seq: 1 }, 'Sent');

  expect({ asked: asked(), lines }).toEqual({ asked: 0, lines: [] });
});
