/** Who sends an operation, over what: all that a request brings beside its document. */
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
  /** Where it comes from; null where that is not known any more. */
  readonly address: string | null;
  /** The socket that it came over; null for one over HTTP. */
  readonly socketId: string | null;
  /** What an operation may do to its socket; null for one over HTTP. */
  readonly socket: SocketControl | null;
  /** Of the events that it is answered by; null for one over a socket. */
  readonly eventIds: EventIds | null;
  /** Ends the streams that this caller opens. */
  readonly ending: EndingControl;
  /** Looks at the credential anew. @throws UnavailableError */
  authenticate(): Promise<Answered>;
  /** What keeps it open; null for what is answered at once. */
  lease: Pick<Lease, 'viewer'> | null;
  /** Known once an operation that needs one has been authenticated. */
  viewer: Viewer | null;
}

/** What every log line about it carries. */
export const idsOf = ({ requestId, socketId, viewer }: Caller): LogFields => ({
  requestId,
  ...(socketId !== null && { socketId }),
  ...(viewer !== null && { userId: viewer.id }),
});
