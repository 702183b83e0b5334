/** What nodes tell each other of who has which chat open. */

/** One connection of a user's, in one chat. */
export interface PlaceEntry {
  carrierId: string;
  /** Larger than that of every place taken before it. */
  order: number;
  isPresent: boolean;
}

/**
 * Told on taking and leaving a place only. What a node has told counts as long as the node lives, and at most 15 s longer. Where
 * the others cannot be asked in time, they have nothing: each node then goes by its own, until they can be compared.
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
  /**
   * Says once more what this node holds under each of the keys, and asks as `others` does, in whichever time that takes.
   *
   * @throws where the others cannot be asked now
   */
  exchange(keys: readonly string[]): Promise<PlaceEntry[][]>;
  /**
   * Calls `compare` once the others can be asked, with keys that this node holds and of which the others may not know, or it of
   * what they hold: it exchanges them, and is called again with those that it failed with.
   */
  onDoubt(compare: (keys: readonly string[]) => Promise<void>): void;
  close(): Promise<void>;
}
