/** What can be followed live, for one viewer each. */
import DataLoader from 'dataloader';
import type { Bus } from '../bus/bus.js';
import type { Queryable } from '../db/database.js';
import type { Place } from '../log/cursor.js';
import type { Rounds } from '../log/rounds.js';
import type { Tail } from '../log/tail.js';
import { createChatStream, type WatchViewer } from './chat-stream.js';
import type { Ending } from './ending.js';
import { createNotificationStream, type NotificationStream } from './notification-stream.js';
import type { NotificationRow } from './notification-row.js';
import type { Notifications } from './notifications.js';
import type { Stream } from './stream-item.js';
import type { Viewer } from './viewer.js';
import type { Memberships } from './viewer-chats.js';
import { createViewerStream } from './viewer-stream.js';

export interface Streams {
  /** @param after the event that the client saw last, of this chat; null: nothing is replayed */
  chat(
    viewer: Viewer,
    options: { chatId: bigint; after: { seq: number; mark: number } | null; ending: Ending },
  ): Stream;
  /** @param after the last events that the client saw, one for each chat; null: nothing is replayed */
  viewer(viewer: Viewer, options: { after: readonly Place[] | null; ending: Ending }): Stream;
  notifications(viewer: Viewer, options: { ending: Ending }): NotificationStream;
}

export interface StreamsOptions {
  db: Queryable;
  bus: Bus;
  tail: Tail;
  rounds: Rounds;
  notifications: Pick<Notifications, 'newMessages' | 'since'>;
  memberships: Memberships;
  watch: WatchViewer;
  slowReaderMs: number;
}

export const createStreams = ({
  db,
  bus,
  tail,
  rounds,
  notifications,
  memberships,
  watch,
  slowReaderMs,
}: StreamsOptions): Streams => {
  // A message concerns all of a group at once: one statement for all of them that this node serves.
  const together = new DataLoader<{ userId: bigint; chatId: bigint }, NotificationRow>(
    (pairs) => notifications.newMessages(pairs),
    { cache: false, maxBatchSize: 1000 },
  );
  const batched: StreamsOptions['notifications'] = {
    newMessages: (pairs) => Promise.all(pairs.map((pair) => together.load(pair))),
    since: (viewer, moment) => notifications.since(viewer, moment),
  };

  return {
    chat: (viewer, options) => createChatStream({ db, tail, viewer, watch, slowReaderMs, ...options }),
    viewer: (viewer, options) => createViewerStream({ db, tail, memberships, viewer, slowReaderMs, ...options }),
    notifications: (viewer, options) =>
      createNotificationStream({ db, bus, tail, rounds, notifications: batched, viewer, ...options }),
  };
};
