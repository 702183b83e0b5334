/** Who sends an operation and how: everything in a request except its document. */
import { originKeyOf } from '../domain/accounts/origin-key.js';
import type { EndingControl } from '../domain/streams/ending.js';
import type { Viewer } from '../domain/viewer.js';
import type { SocketControl } from '../graphql/context.js';
import type { EventIds } from '../graphql/event-ids.js';
import type { LogFields } from '../log-line.js';
import type { Answered } from './credential.js';
import type { Lease } from './lease.js';

export interface Caller {
  readonly requestId: string;
  readonly transport: 'http' | 'sse' | 'ws';
  /** The client's address; null if it is no longer known. */
  readonly address: string | null;
  /** The socket of the operation; null over HTTP. */
  readonly socketId: string | null;
  /** What an operation may do to its socket; null over HTTP. */
  readonly socket: SocketControl | null;
  /** The ids of the Server-Sent Events in the answer; null over a socket. */
  readonly eventIds: EventIds | null;
  /** Ends the streams that this caller opens. */
  readonly ending: EndingControl;
  /** Checks the credential again. @throws UnavailableError */
  authenticate(): Promise<Answered>;
  /** Keeps a socket or stream open; null for a request that is answered at once. */
  lease: Pick<Lease, 'viewer'> | null;
  /** Known once an operation that needs one has been authenticated. */
  viewer: Viewer | null;
}

/** The fields of every log line about it. */
export const idsOf = ({ requestId, socketId, viewer }: Caller): LogFields => ({
  requestId,
  ...(socketId !== null && { socketId }),
  ...(viewer !== null && { userId: viewer.id }),
});

/** Whose share of what is kept for callers it takes. */
export const ownerOf = ({ viewer, address }: Caller): string =>
  viewer === null ? `address ${address && originKeyOf(address)}` : `user ${viewer.id}`;
