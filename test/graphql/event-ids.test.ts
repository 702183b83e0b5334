import { expect, it } from 'vitest';
import { UnavailableError } from '../../src/db/database.js';
import { pull } from '../../src/domain/streams/live-stream.js';
import type { Stream } from '../../src/domain/streams/stream-item.js';
import { noteEventIds, type EventIds } from '../../src/graphql/event-ids.js';

const failing = (error: Error) => {
  const ids: EventIds = { last: null, next: null, canResume: false };
  const stream: Stream = { pushTo: (sink) => sink.fail(error), wake: () => undefined, stop: () => undefined };
  return { ids, taken: pull(noteEventIds(stream, ids)).next() };
};

it('lets a client come back to a subscription that the database being away has ended', async () => {
  const { ids, taken } = failing(new UnavailableError(1000));

  await expect(taken).rejects.toThrow(UnavailableError);
  expect(ids.canResume).toBe(true);
});

it('does not have a client come back to a fault for ever', async () => {
  const { ids, taken } = failing(new Error('a fault'));

  await expect(taken).rejects.toThrow('a fault');
  expect(ids.canResume).toBe(false);
});
