import { expect, it } from 'vitest';
import { createMemoryBus } from '../../../src/bus/memory.js';
import { createMemoryPlaces } from '../../../src/bus/memory-places.js';
import { createPlaces } from '../../../src/domain/streams/places.js';

const fail = (error: unknown) => {
  throw error;
};
const onNode = (limit: number) =>
  createPlaces({ registry: createMemoryPlaces(), bus: createMemoryBus(fail), limit, onError: fail });

const wanted = (carrierId: string, chatId = 7n) => ({ userId: 1n, chatId, carrierId, isForPresence: true });

it('S2.24 of more connections than may be, the oldest go, each told once', async () => {
  const places = onNode(2);
  const gone: string[] = [];

  for (const name of ['one', 'two', 'three', 'four']) await places.take(wanted(name), () => void gone.push(name));
  await places.take(wanted('other chat', 8n), () => void gone.push('other chat'));

  expect(gone).toEqual(['one', 'two']);
});

it('a connection that follows a chat in several ways has one place, until the last of them ends', async () => {
  const places = onNode(1);
  const gone: string[] = [];
  const first = await places.take(wanted('socket'), () => void gone.push('first'));
  const second = await places.take(wanted('socket'), () => void gone.push('second'));
  expect(gone).toEqual([]);

  first.release();
  first.release();
  await places.take(wanted('another'), () => void gone.push('another'));
  expect(gone).toEqual(['second']);
  second.release();
});

it('C10 one has joined from joining on until that subscription ends, whatever else the connection follows', async () => {
  const places = onNode(0);
  const isPresent = async () => [places.isPresentHere(1n, 7n), await places.isPresent(1n, 7n)];
  const watching = await places.take(wanted('socket'), () => fail(new Error('taken over')));
  const joining = await places.take(wanted('socket'), () => fail(new Error('taken over')));
  expect(await isPresent()).toEqual([false, false]);

  await joining.announce();
  expect(await isPresent()).toEqual([true, true]);
  expect(await places.isPresent(2n, 7n)).toBe(false);
  expect(await places.isPresent(1n, 8n)).toBe(false);

  joining.release();
  expect(await isPresent()).toEqual([false, false]);
  watching.release();
});
