/** What is known of an operation while it is answered. */
import type { DocumentNode, ExecutionResult } from 'graphql';
import type { Caller } from './caller.js';

/** One HTTP request, or one operation on a socket. */
export interface Exchange {
  caller: Caller;
  /** Once it is parsed. */
  document?: DocumentNode;
  /** As `performance.now()` has it. */
  beganAt?: number;
  /** What is to be answered as Server-Sent Events. */
  events?: ExecutionResult | AsyncIterable<ExecutionResult>;
}

export interface ServerContext {
  exchange: Exchange;
}
