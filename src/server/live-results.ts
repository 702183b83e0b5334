/**
 * A subscription's results on their way to the client, as JSON text. Results in which nothing personal is are executed and written
 * once, for all subscriptions that ask alike (see `EventContext`).
 */
import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Context } from '../graphql/context.js';
import { EventContext } from '../graphql/event-context.js';
import type { Delivery, EventSource } from '../graphql/event-source.js';
import { executePrepared } from './compiled-queries.js';
import type { PreparedOperation } from './prepared-operations.js';
import type { Plan, SharedBytes } from './shared-bytes.js';

/** Where results go. */
export interface Outlet {
  /** Whether the client keeps up. */
  isReady(): boolean;
  /** Calls `listener` once, when it is ready again. */
  onReady(listener: () => void): void;
  write(json: Buffer, hasErrors: boolean): void;
  /** @param isHeld the client should reconnect by itself, so it must not be told that the subscription is complete */
  end(isHeld: boolean): void;
}

export interface LiveOperation {
  source: EventSource<unknown>;
  prepared: PreparedOperation;
  args: ExecutionArgs;
  /** Shared with the subscriptions that get the same results for the same events. */
  plan: Plan;
  /** The result as the client gets it: its errors masked, logged and without what is not for clients. */
  finish: (result: ExecutionResult) => object;
}

export class LiveResults {
  deliveries = 0;
  readonly #operation: LiveOperation;
  readonly #shared: SharedBytes;
  readonly #outlet: Outlet;
  #isExecuting = false;
  #isWaiting = false;
  /** Set where the end has to wait for the last result. */
  #dueEnd: { isHeld: boolean } | null = null;
  #isOver = false;

  constructor(operation: LiveOperation, shared: SharedBytes, outlet: Outlet) {
    this.#operation = operation;
    this.#shared = shared;
    this.#outlet = outlet;
  }

  begin(): void {
    this.#operation.source.pushTo(this);
  }

  /** Nothing is written after this. */
  stop(): void {
    this.#isOver = true;
    this.#operation.source.stop();
  }

  isReady(): boolean {
    if (this.#isExecuting) return false;
    if (this.#outlet.isReady()) return true;
    if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#outlet.onReady(() => {
        this.#isWaiting = false;
        this.#operation.source.wake();
      });
    }
    return false;
  }

  push(delivery: Delivery<unknown>): void {
    const { args, plan, prepared } = this.#operation;
    const event = 'value' in delivery ? (delivery.value as object) : null;
    const known = event === null ? undefined : this.#shared.get(event, plan);
    if (known !== undefined) return this.#write(known, false);
    const context = new EventContext(args.contextValue as Context);
    const result = executePrepared(prepared, { ...args, rootValue: delivery, contextValue: context });
    if (result instanceof Promise) {
      this.#isExecuting = true;
      this.#writeLater(result).catch((error: unknown) => this.fail(error));
      return;
    }
    const bytes = this.#bytesOf(result);
    // An error may be the fault of one moment, and is logged for each who gets it.
    const isShared = event !== null && !context.isPersonal && result.errors === undefined && plan.followers > 1;
    if (isShared) this.#shared.set(event, plan, bytes);
    this.#write(bytes, result.errors !== undefined);
  }

  end(isHeld: boolean): void {
    if (this.#isExecuting) this.#dueEnd = { isHeld };
    else this.#finish(isHeld);
  }

  /** A bug: an event source ends with a result instead. */
  fail(error: unknown): void {
    this.push({ error });
    this.end(false);
  }

  async #writeLater(executing: Promise<ExecutionResult>): Promise<void> {
    const result = await executing.finally(() => (this.#isExecuting = false));
    this.#write(this.#bytesOf(result), result.errors !== undefined);
    if (this.#dueEnd !== null) this.#finish(this.#dueEnd.isHeld);
    else this.#operation.source.wake();
  }

  #bytesOf(result: ExecutionResult): Buffer {
    return Buffer.from(JSON.stringify(this.#operation.finish(result)));
  }

  #write(bytes: Buffer, hasErrors: boolean): void {
    if (this.#isOver) return;
    this.deliveries += 1;
    this.#outlet.write(bytes, hasErrors);
  }

  #finish(isHeld: boolean): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#outlet.end(isHeld);
  }
}
