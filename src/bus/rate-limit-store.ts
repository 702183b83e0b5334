/** Counts how often something was done recently. Nodes that share a store share its limits. */

export interface RateLimitRule {
  /** At most this many in any sliding window; 0 = no limit. */
  limit: number;
  windowMs: number;
  /** The caller can wait: a shared store gets longer to answer before the node counts on its own. */
  isPatient?: boolean;
}

export type Take =
  /** `giveBack` undoes the take; the second call does nothing. */
  | { allowed: true; giveBack(): void }
  /** `retryAfterMs`: whole milliseconds until the next one would be allowed, if nobody else takes it. */
  | { allowed: false; retryAfterMs: number };

export interface RateLimitStore {
  /** Counts one under `key`, unless that would exceed the rule. Refusals are not counted. Never throws. */
  take(key: string, rule: RateLimitRule): Promise<Take>;
  close(): void;
}
