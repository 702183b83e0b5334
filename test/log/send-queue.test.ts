import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSendQueue, type Queued, type SendQueue } from '../../src/log/send-queue.js';

interface Item extends Queued {
  number: number;
}

/** The same by a walk through everything that waits. */
const createModel = (): SendQueue<Item> => {
  let waiting: Item[] = [];
  const heldChats = new Set<bigint>();
  return {
    get size() {
      return waiting.length;
    },
    add: (item) => void waiting.push(item),
    expire: (time) => {
      const expired = waiting.filter(({ since }) => since < time);
      waiting = waiting.filter(({ since }) => since >= time);
      return expired;
    },
    take: (most) => {
      const batch: Item[] = [];
      const passedOver = new Set(heldChats);
      for (const item of waiting) {
        const isRepeat =
          item.clientMessageId !== null &&
          batch.some(
            ({ chatId, senderId, clientMessageId }) =>
              chatId === item.chatId && senderId === item.senderId && clientMessageId === item.clientMessageId,
          );
        if (batch.length < most && !passedOver.has(item.chatId) && !isRepeat) batch.push(item);
        else passedOver.add(item.chatId);
      }
      waiting = waiting.filter((item) => !batch.includes(item));
      for (const { chatId } of batch) heldChats.add(chatId);
      return batch;
    },
    release: (batch) => {
      for (const { chatId } of batch) heldChats.delete(chatId);
    },
  };
};

type Step =
  | { kind: 'add'; chatId: bigint; senderId: bigint; clientMessageId: string | null }
  | { kind: 'expire'; share: number }
  | { kind: 'take'; most: number }
  | { kind: 'release'; which: number };

const add = fc.record({
  kind: fc.constant('add' as const),
  chatId: fc.bigInt({ min: 1n, max: 4n }),
  senderId: fc.bigInt({ min: 1n, max: 2n }),
  clientMessageId: fc.constantFrom(null, 'null', 'a', 'b'),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: add },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('expire' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take' as const), most: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), which: fc.nat() }) },
);

/** @returns what the queue gave at each step */
const run = (queue: SendQueue<Item>, steps: readonly Step[]) => {
  const held: Item[][] = [];
  let count = 0;
  const act = (step: Step): Item[] => {
    switch (step.kind) {
      case 'add':
        count += 1;
        // Two items at a time come in the same instant.
        queue.add({ ...step, since: count >> 1, number: count });
        return [];
      case 'expire':
        return queue.expire(Math.round(step.share * (count >> 1)));
      case 'take': {
        const batch = queue.take(step.most);
        if (batch.length > 0) held.push(batch);
        return batch;
      }
      case 'release':
        if (held.length > 0) queue.release(held.splice(step.which % held.length, 1)[0]!);
        return [];
    }
  };
  return steps.map((step) => ({ gave: act(step).map(({ number }) => number), size: queue.size }));
};

it('gives what a walk through everything that waits would give', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      expect(run(createSendQueue(), steps)).toEqual(run(createModel(), steps));
    }),
    { numRuns: 500 },
  );
});

it('looks at what it takes, and at nothing else that waits', () => {
  let looks = 0;
  const queue = createSendQueue<Queued>();
  const addTo = (chatId: bigint, count: number) => {
    for (let n = 0; n < count; n += 1) {
      const chatIdOf = () => ((looks += 1), chatId);
      queue.add({
        get chatId() {
          return chatIdOf();
        },
        senderId: 1n,
        clientMessageId: String(n),
        since: 0,
      });
    }
  };
  addTo(1n, 5000);
  for (let chatId = 2n; chatId <= 5000n; chatId += 1n) addTo(chatId, 1);

  looks = 0;
  const batches = [queue.take(10), queue.take(10)];
  for (const batch of batches) queue.release(batch);
  expect(queue.expire(0)).toEqual([]);

  expect(looks).toBeLessThan(200);
});
