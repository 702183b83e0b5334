/** What the server knows of an operation while the engine answers it. */
import type { DocumentNode, ExecutionArgs, ExecutionResult } from 'graphql';
import type { EventSource } from '../graphql/event-source.js';
import type { Caller } from './caller.js';

/** One HTTP request, or the check of a document from a socket. */
export interface Exchange {
  caller: Caller;
  /** Set once parsed. */
  document?: DocumentNode;
  /** A `performance.now()` time. */
  beganAt?: number;
  /** A subscription that stands, to be sent as Server-Sent Events. */
  live?: { source: EventSource<unknown>; args: ExecutionArgs };
  /** The single result to send as a Server-Sent Event. */
  single?: ExecutionResult;
}

export interface ServerContext {
  exchange: Exchange;
}
