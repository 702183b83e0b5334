/** What nodes tell each other of who has which chat open. */

/** One connection of a user's, in one chat. */
export interface PlaceEntry {
  connectionId: string;
  /** Larger than that of every place taken before it. */
  order: number;
  isJoined: boolean;
}

/**
 * Told on taking and leaving a place only. What a node has told counts as long as the node lives, and at most 15 s longer. Where
 * the others cannot be asked in time, they have nothing: each node then goes by its own.
 */
export interface PlaceRegistry {
  /** For a new place. */
  nextOrder(): Promise<number>;
  /**
   * Says what this node holds under a key, in place of what it said before; nothing takes it back.
   *
   * @returns once the others see it, or could not be told in time
   */
  put(key: string, entries: readonly PlaceEntry[]): Promise<void>;
  /** What other nodes hold under each of the keys, in their order. */
  others(keys: readonly string[]): Promise<PlaceEntry[][]>;
  /** Called whenever something of it may have been lost: then put everything again, and look. */
  onLost(listener: () => void): void;
  close(): Promise<void>;
}
