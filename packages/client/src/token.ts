/** When an access token expires, as the token itself says. */

const MARGIN_MS = 60_000;
/** Share of a token's lifetime, if that is short. */
const MARGIN_SHARE = 1 / 3;

/** @returns its lifetime and its expiry, both in milliseconds; null for a token that is no JWT or never expires */
export const timesOf = (token: string): { lifetimeMs: number; expiresAt: number } | null => {
  const { iat, exp } = claimsOf(token);
  if (typeof exp !== 'number') return null;
  const expiresAt = exp * 1000;
  return { expiresAt, lifetimeMs: typeof iat === 'number' ? (exp - iat) * 1000 : expiresAt - Date.now() };
};

/** Whether the server issued `token` after `other` in the same session: of two tokens from one refresh, the later one is valid. */
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

/** How long before its expiry a token is to be renewed. */
export const marginOf = (lifetimeMs: number): number => Math.min(MARGIN_MS, lifetimeMs * MARGIN_SHARE);
