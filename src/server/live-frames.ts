/**
 * A subscription over a WebSocket. Its results go to the socket directly, as frames; graphql-ws gets an iterator that yields nothing
 * and completes with the subscription.
 */
import type { ExecutionResult } from 'graphql';
import type { EventSource } from '../graphql/event-source.js';
import type { Logger } from '../log-line.js';
import { resultForClient } from './faults.js';
import { LiveResults } from './live-results.js';
import type { Operation } from './operations.js';
import { joinPlan } from './prepared-operations.js';
import type { SharedBytes } from './shared-bytes.js';
import type { Wire } from './wire.js';

export interface LiveFrames extends AsyncIterableIterator<never, undefined> {
  readonly deliveries: number;
  /** The client should reconnect by itself, so it must not be told that the subscription is complete. */
  readonly wasHeld: boolean;
  /** Resolves once the subscription has ended. */
  readonly over: Promise<void>;
  /** @param clientId the client's id of the operation */
  begin(wire: Wire, clientId: string, options: { onHeld: () => void }): void;
  /** Ends it at once. */
  return(): Promise<IteratorReturnResult<undefined>>;
}

const END = Buffer.from('}');
const DONE = { done: true, value: undefined } as const;

export const createLiveFrames = (
  operation: Operation,
  source: EventSource<unknown>,
  sharedBytes: SharedBytes,
  logger: Logger,
): LiveFrames => {
  const { prepared, caller, variableValues } = operation;
  let results: LiveResults | null = null;
  let wasHeld = false;
  let isOver = false;
  let announceOver: () => void;
  const over = new Promise<void>((resolve) => (announceOver = resolve));

  const { plan, leave } = joinPlan(prepared, variableValues);
  const finishStream = () => {
    if (isOver) return;
    isOver = true;
    leave();
    announceOver();
  };

  const frames: LiveFrames = {
    get deliveries() {
      return results?.deliveries ?? 0;
    },
    get wasHeld() {
      return wasHeld;
    },
    over,
    begin: (wire, clientId, { onHeld }) => {
      const start = Buffer.from(`{"id":${JSON.stringify(clientId)},"type":"next","payload":`);
      const finish = (result: ExecutionResult) => resultForClient(result, caller, logger);
      results = new LiveResults({ source, prepared, args: operation, plan, finish }, sharedBytes, {
        isReady: wire.isReady,
        onReady: wire.onReady,
        write: (json) => wire.write(start, json, END),
        end: (isHeld) => {
          wasHeld = isHeld;
          if (isHeld) onHeld();
          finishStream();
        },
      });
      results.begin();
    },
    next: () => over.then(() => DONE),
    return: () => {
      if (results === null) source.stop();
      else results.stop();
      finishStream();
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]: () => frames,
  };
  return frames;
};
