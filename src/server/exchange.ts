/** What the server knows of an operation while answering it. */
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Caller } from './caller.js';

/** One HTTP request, or one operation on a socket. */
export interface Exchange {
  caller: Caller;
  /** Set once parsed. */
  document?: DocumentNode;
  /** A `performance.now()` time. */
  beganAt?: number;
  /** The results to send as Server-Sent Events. */
  events?: ExecutionResult | AsyncIterable<ExecutionResult>;
}

export interface ServerContext {
  exchange: Exchange;
}
