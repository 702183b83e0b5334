/** Where it is counted how often something was done lately. Nodes that share a store share its limits. */

export interface RateLimitRule {
  /** At most this many in any window; 0 = no limit. */
  limit: number;
  windowMs: number;
  /** Whoever asks has time: a store that is shared may take longer to answer before a node counts by itself. */
  isPatient?: boolean;
}

export type Take =
  /** `giveBack` makes as if it had not been taken; it does nothing the second time. */
  | { allowed: true; giveBack(): void }
  /** `retryAfterMs`: whole milliseconds until the next would be allowed, if nobody else takes it. */
  | { allowed: false; retryAfterMs: number };

export interface RateLimitStore {
  /** Counts one under `key`, unless that would make more than the rule allows. What is refused is not counted. Never throws. */
  take(key: string, rule: RateLimitRule): Promise<Take>;
  close(): void;
}
