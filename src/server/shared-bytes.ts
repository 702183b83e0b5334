/**
 * Results as JSON text that are the same for many subscribers: each is written once. Kept with the event that it is of, and only as
 * long as other subscribers are likely to ask for it.
 */

/** Subscriptions whose results are the same for the same event, where nothing personal is in them. */
export interface Plan {
  /** How many subscriptions follow it. */
  followers: number;
}

export interface SharedBytes {
  get(event: object, plan: Plan): Buffer | undefined;
  set(event: object, plan: Plan, bytes: Buffer): void;
}

/** What a node keeps at most. All subscribers who keep up ask within one turn of the event loop. */
const MAX_BYTES = 2 * 1024 * 1024;

export const createSharedBytes = (mostBytes = MAX_BYTES): SharedBytes => {
  const byEvent = new WeakMap<object, Map<Plan, Buffer>>();
  /** Oldest first. */
  let kept: { plans: Map<Plan, Buffer>; plan: Plan; length: number }[] = [];
  let first = 0;
  let total = 0;

  const dropOldest = () => {
    const { plans, plan, length } = kept[first]!;
    plans.delete(plan);
    total -= length;
    first += 1;
    if (first < 1000) return;
    kept = kept.slice(first);
    first = 0;
  };

  return {
    get: (event, plan) => byEvent.get(event)?.get(plan),
    set: (event, plan, bytes) => {
      let plans = byEvent.get(event);
      if (plans === undefined) {
        plans = new Map();
        byEvent.set(event, plans);
      }
      plans.set(plan, bytes);
      kept.push({ plans, plan, length: bytes.length });
      total += bytes.length;
      while (total > mostBytes && first < kept.length) dropOldest();
    },
  };
};
