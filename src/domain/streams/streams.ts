/** The live streams, each for one viewer. */
import DataLoader from 'dataloader';
import type { Bus } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import { createTally, type Tally } from '../../meters.js';
import type { ChatPosition, LogPosition } from '../../log/cursor.js';
import type { Rounds } from '../../log/rounds.js';
import type { Tail } from '../../log/tail.js';
import { createChatStream, type WatchViewer } from './chat-stream.js';
import type { Ending } from './ending.js';
import {
  createNotificationStream,
  type FollowedNotifications,
  type NotificationStream,
} from './notification-stream.js';
import type { NotificationRow } from '../notifications/notification-row.js';
import type { Places } from './places.js';
import type { Stream } from './stream-item.js';
import type { Viewer } from '../viewer.js';
import type { Memberships } from './viewer-chats.js';
import { createViewerStream } from './viewer-stream.js';

export interface Streams {
  chat(viewer: Viewer, options: FollowChat): Stream;
  /** @param after the last event that the client saw of each chat; null: nothing is replayed */
  viewer(viewer: Viewer, options: { after: readonly ChatPosition[] | null; ending: Ending }): Stream;
  notifications(viewer: Viewer, options: { ending: Ending }): NotificationStream;
  /** How often clients were told to query a chat again, by reason. */
  readonly resyncs: Tally;
}

export interface FollowChat {
  chatId: bigint;
  /** The last event that the client saw of this chat; null: nothing is replayed. */
  after: LogPosition | null;
  /** Of the socket, or of the request over Server-Sent Events. */
  carrierId: string;
  /** Whether following by this makes the viewer present. */
  announcesPresence: boolean;
  ending: Ending;
}

export interface StreamsOptions {
  db: Queryable;
  bus: Bus;
  tail: Tail;
  rounds: Rounds;
  notifications: FollowedNotifications;
  memberships: Memberships;
  places: Pick<Places, 'take'>;
  watch: WatchViewer;
  slowReaderMs: number;
  retentionDays: number;
}

export const createStreams = ({
  db,
  bus,
  tail,
  rounds,
  notifications,
  memberships,
  places,
  watch,
  slowReaderMs,
  retentionDays,
}: StreamsOptions): Streams => {
  // A message concerns all members of a group at once: one statement for all that this node serves.
  const together = new DataLoader<{ userId: bigint; chatId: bigint }, NotificationRow>(
    (pairs) => notifications.newMessages(pairs),
    { cache: false, maxBatchSize: 1000 },
  );
  const batched: FollowedNotifications = {
    newMessages: (pairs) => Promise.all(pairs.map((pair) => together.load(pair))),
    standing: (...asked) => notifications.standing(...asked),
    since: (viewer, moment) => notifications.since(viewer, moment),
  };

  const resyncs = createTally();
  const onResync = (reason: string) => resyncs.add(reason);

  return {
    resyncs,
    chat: (viewer, options) =>
      createChatStream({ db, tail, viewer, places, watch, slowReaderMs, retentionDays, onResync, ...options }),
    viewer: (viewer, options) =>
      createViewerStream({ db, tail, memberships, viewer, slowReaderMs, retentionDays, onResync, ...options }),
    notifications: (viewer, options) =>
      createNotificationStream({ db, bus, tail, rounds, notifications: batched, viewer, ...options }),
  };
};
