/** The live streams, each for one viewer. */
import type { Bus } from '../../bus/bus.js';
import type { Queryable } from '../../db/database.js';
import { gather } from '../../db/gather.js';
import { createTally, type Tally } from '../../meters.js';
import type { ChatPosition, LogPosition } from '../../log/cursor.js';
import { readPages, type LogPage } from '../../log/read.js';
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
import type { Online } from './online.js';
import type { Places } from './places.js';
import { createPresenceStream, type PresenceStream } from './presence-stream.js';
import type { UserPresence } from './user-presence.js';
import type { Stream } from './stream-item.js';
import type { SeenChats } from '../rules/seen-chats.js';
import type { Viewer } from '../viewer.js';
import type { Memberships } from './viewer-chats.js';
import { createViewerStream } from './viewer-stream.js';

export interface Streams {
  chat(viewer: Viewer, options: FollowChat): Stream;
  /** @param after the last event that the client saw of each chat; null: nothing is replayed */
  viewer(viewer: Viewer, options: { after: readonly ChatPosition[] | null; ending: Ending }): Stream;
  notifications(viewer: Viewer, options: { ending: Ending }): NotificationStream;
  /** @throws BadUserInputError for more than 500 users; null stands for an id that did not decode */
  presence(viewer: Viewer, options: { userIds: readonly (bigint | null)[]; ending: Ending }): PresenceStream;
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
  seenChats: SeenChats;
  places: Pick<Places, 'take'>;
  online: Pick<Online, 'watch'>;
  userPresence: Pick<UserPresence, 'read'>;
  watch: WatchViewer;
  slowReaderMs: number;
  retentionDays: number;
}

/** Events of a log that are read at once; of all logs that are read together. */
const MIN_PAGE = 20;
const MAX_PAGE = 200;
const PAGES = 2000;

export const createStreams = ({
  db,
  bus,
  tail,
  rounds,
  notifications,
  memberships,
  seenChats,
  places,
  online,
  userPresence,
  watch,
  slowReaderMs,
  retentionDays,
}: StreamsOptions): Streams => {
  // A message concerns all members of a group at once: one statement for all that this node serves.
  const newMessage = gather<{ userId: bigint; chatId: bigint }, NotificationRow>((pairs) =>
    notifications.newMessages(pairs),
  );
  const batched: FollowedNotifications = {
    newMessages: (pairs) => Promise.all(pairs.map(newMessage)),
    standing: (...asked) => notifications.standing(...asked),
    since: (viewer, moment) => notifications.since(viewer, moment),
  };

  // After a restart of a node all its clients resume at once, many from the same position.
  const readPage = gather<{ chatId: bigint; seq: number }, LogPage | null>(
    (positions) =>
      readPages(db, positions, Math.max(MIN_PAGE, Math.min(MAX_PAGE, Math.floor(PAGES / positions.length)))),
    { most: 100 },
  );

  const presenceStreams = new Map<bigint, number>();
  const resyncs = createTally();
  const onResync = (reason: string) => resyncs.add(reason);

  return {
    resyncs,
    chat: (viewer, options) =>
      createChatStream({
        tail,
        seenChats,
        readPage,
        viewer,
        places,
        watch,
        slowReaderMs,
        retentionDays,
        onResync,
        ...options,
      }),
    viewer: (viewer, options) =>
      createViewerStream({ db, tail, memberships, viewer, slowReaderMs, retentionDays, onResync, ...options }),
    notifications: (viewer, options) =>
      createNotificationStream({ db, bus, tail, rounds, notifications: batched, viewer, ...options }),
    presence: (viewer, options) =>
      createPresenceStream({ online, presence: userPresence, viewer, open: presenceStreams, ...options }),
  };
};
