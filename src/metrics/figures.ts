/** What a scrape reads from a node. Each function is cheap and never throws. */
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
  /** Messages that reached the log, by outcome. */
  sends(): ReadonlyMap<string, number>;
  sendQueue(): number;
  faults(): number;
  unavailable(): number;
  /** Null for the embedded database, which has only one connection. */
  connections(): { most: number; open: number; idle: number; waiting: number } | null;
  /** Since the last successful poll of the database. */
  roundAgeSeconds(): number;
  followedChats(): number;
  gapReads(): number;
  /** Seconds from an event's timestamp to its delivery to followers on this node. */
  deliveryLag(): Histogram;
  /** By reason. */
  resyncs(): ReadonlyMap<string, number>;
  places(): number;
  /** Undefined without Redis. */
  isRedisConnected(): boolean | undefined;
  droppedLogLines(): number;
  /** Uploads that this node has received, by outcome. */
  uploads(): ReadonlyMap<string, number>;
  /** Being received. */
  uploadsUnderway(): number;
  storedBytes(): number;
  sentBytes(): number;
}
