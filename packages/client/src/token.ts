/** When an access token ends, as it says itself. */

const MARGIN_MS = 60_000;
/** Of a token's whole time, where that is short. */
const MARGIN_SHARE = 1 / 3;

/** @returns how long it is good in all, and when it ends, both in milliseconds; null for what is no JWT or never ends */
export const timesOf = (token: string): { lifetimeMs: number; expiresAt: number } | null => {
  const { iat, exp } = claimsOf(token);
  if (typeof exp !== 'number') return null;
  const expiresAt = exp * 1000;
  return { expiresAt, lifetimeMs: typeof iat === 'number' ? (exp - iat) * 1000 : expiresAt - Date.now() };
};

/** Whether the server has given `token` after `other` in the same session: of two that it gave for one refresh the later one is good. */
export const isNewerPair = (token: string, other: string): boolean => {
  const [one, before] = [claimsOf(token), claimsOf(other)];
  return (
    one.sid === before.sid && typeof one.rot === 'number' && typeof before.rot === 'number' && one.rot > before.rot
  );
};

const claimsOf = (token: string): Record<string, unknown> => {
  try {
    const [, payload = ''] = token.split('.');
    const claims: unknown = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof claims === 'object' && claims !== null ? (claims as Record<string, unknown>) : {};
  } catch {
    return {};
  }
};

/** How long before its end a token is to be replaced. */
export const marginOf = (lifetimeMs: number): number => Math.min(MARGIN_MS, lifetimeMs * MARGIN_SHARE);
