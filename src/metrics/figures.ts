/** What a node is asked for at each scrape. Each function is cheap and never throws. */
import type { Histogram } from '../meters.js';

export interface Figures {
  version: string;
  /** Open WebSockets. */
  sockets(): number;
  /** Open subscriptions by "field transport". */
  subscriptions(): ReadonlyMap<string, number>;
  /** Seconds by "type field". */
  operations(): ReadonlyMap<string, Histogram>;
  slowOperations(): number;
  /** By "field outcome". */
  mutations(): ReadonlyMap<string, number>;
  /** What became of messages that reached the log. */
  sends(): ReadonlyMap<string, number>;
  sendQueue(): number;
  faults(): number;
  unavailable(): number;
  /** Null for the embedded database, which has one. */
  connections(): { most: number; open: number; idle: number; waiting: number } | null;
  /** Since the last look at the database that was answered. */
  roundAgeSeconds(): number;
  followedChats(): number;
  gapReads(): number;
  /** Seconds from an event's time to its being handed to who follows on this node. */
  deliveryLag(): Histogram;
  /** By reason. */
  resyncs(): ReadonlyMap<string, number>;
  places(): number;
  /** Undefined without Redis. */
  isRedisConnected(): boolean | undefined;
  droppedLogLines(): number;
}
