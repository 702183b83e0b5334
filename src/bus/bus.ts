/** The doorbell between nodes. PostgreSQL is the truth; an event on the bus only saves the receiver a read. */

/** Names what is told under it (`chat:7`, `user:3`), and how that is written as text. */
export interface Topic<Event> {
  readonly name: string;
  readonly encode: (event: Event) => string;
  readonly decode: (text: string) => Event;
}

/** A topic of events that survive JSON. */
export const jsonTopic = <Event>(name: string): Topic<Event> => ({
  name,
  encode: JSON.stringify,
  decode: JSON.parse as (text: string) => Event,
});

export type Unsubscribe = () => void;

/**
 * Tells every node, including this one, that something happened. At most once, in no order: a hint, never the truth.
 *
 * Nobody may change an event once it is published, neither its publisher nor a listener: within a node they all share it.
 */
export interface Bus {
  /** Returns at once and never throws. */
  publish<Event>(topic: Topic<Event>, event: Event): void;
  /** Resolves once every later event will be received, as long as the connection holds; without a connection, after at most 2 s. */
  subscribe<Event>(topic: Topic<Event>, listener: (event: Event) => void): Promise<Unsubscribe>;
  close(): Promise<void>;
}
