import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { createOutbox } from '../../../src/domain/streams/outbox.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('keeps nothing of what a subscriber took who is always a little behind', async () => {
  const outbox = createOutbox<{ n: number }>();
  let collected = 0;
  const registry = new FinalizationRegistry(() => (collected += 1));

  for (let n = 0; n < 10_000; n += 1) {
    const item = { n };
    registry.register(item, n);
    outbox.push(item, 1);
    if (n > 0) expect(outbox.shift()!.n).toBe(n - 1);
  }

  await expect
    .poll(() => {
      collectGarbage();
      registry.unregister({}); // which must not be collected itself
      return collected;
    })
    .toBeGreaterThan(8000);
  expect(outbox.isEmpty()).toBe(false);
});
