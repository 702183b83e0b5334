/** What nodes tell each other about who has which chat open. */

/** One connection of a user, in one chat. */
export interface PlaceEntry {
  carrierId: string;
  /** Larger than that of every earlier place. */
  order: number;
  isPresent: boolean;
}

/**
 * Used only when a place is taken or left. A node's entries count as long as the node lives, and at most 15 s longer. If
 * the others cannot be asked in time, they count as empty: each node then uses its own entries, until they can be compared.
 */
export interface PlaceRegistry {
  /** The order of a new place. */
  nextOrder(): Promise<number>;
  /**
   * Publishes this node's entries under a key, replacing its previous ones; this is never undone.
   *
   * @returns once the others see them, or could not be told in time
   */
  put(key: string, entries: readonly PlaceEntry[]): Promise<void>;
  /** The other nodes' entries under each of the keys, in the same order. */
  others(keys: readonly string[]): Promise<PlaceEntry[][]>;
  /**
   * Publishes this node's entries under each of the keys again, and asks as `others` does, without a time limit.
   *
   * @throws if the others cannot be asked now
   */
  exchange(keys: readonly string[]): Promise<PlaceEntry[][]>;
  /**
   * Calls `compare` once the others can be asked, with keys of this node that the others may not know, or whose entries on the
   * others this node may not know: `compare` exchanges them, and is called again with those that it failed with.
   */
  onDoubt(compare: (keys: readonly string[]) => Promise<void>): void;
  close(): Promise<void>;
}
