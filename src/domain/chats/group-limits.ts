/** What people may do of their own to groups in a time. Managers and administrators are staff: nothing is counted for them. */
import { RateLimitedError } from '../errors.js';
import type { RateLimitKind, RateLimits } from '../rate-limits.js';
import { isStaff, type Viewer } from '../viewer.js';

/**
 * Counts one, unless `work` throws.
 *
 * @throws RateLimitedError; what `work` throws
 */
export const limited = async <Result>(
  limits: RateLimits,
  kind: Extract<RateLimitKind, 'group' | 'manage' | 'invite'>,
  viewer: Viewer,
  work: () => Promise<Result>,
): Promise<Result> => {
  if (isStaff(viewer)) return work();
  const taken = await limits.take(kind, String(viewer.id));
  if (!taken.allowed) throw new RateLimitedError(taken.retryAfterMs);
  try {
    return await work();
  } catch (error) {
    taken.giveBack();
    throw error;
  }
};
