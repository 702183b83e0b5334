/** What nodes tell each other about who is online: has a connection to them. */

/** A node's people count as long as the node lives, and at most 10 s longer. Ids are decimal. */
export interface OnlineRegistry {
  /**
   * Tells the other nodes who came to this one and who went, which is never undone.
   *
   * @returns once they see it, or could not be told: then they are told as soon as they can be
   */
  tell(came: readonly string[], went: readonly string[]): Promise<void>;
  /** Which of these are on other nodes; undefined if that cannot be found out now. */
  others(ids: readonly string[]): Promise<ReadonlySet<string> | undefined>;
  /** Calls `listener` when what `others` answers may have changed without anybody's having told: a node died, or could not be asked. */
  onDoubt(listener: () => void): void;
  close(): Promise<void>;
}

/** Of a single node, which knows no others. */
export const createMemoryOnline = (): OnlineRegistry => ({
  tell: () => Promise.resolve(),
  others: () => Promise.resolve(new Set()),
  onDoubt: () => undefined,
  close: () => Promise.resolve(),
});
