/** The header of a JWT, read before its signature: which key it means, and whether it may be looked at further. */

interface JwtHeader {
  /** The name of the key that it means. */
  id: string | undefined;
}

/**
 * @returns null where it is no JSON object, or asks for what nobody here understands: `crit` must not be passed over (RFC 7515 4.1.11),
 *   and `b64` says that the payload is not to be read as usual (RFC 7797)
 */
export const readJwtHeader = (token: string): JwtHeader | null => {
  const header = parse(token.split('.', 1)[0]!);
  if (typeof header !== 'object' || header === null || Array.isArray(header)) return null;
  if ('crit' in header || 'b64' in header) return null;
  const id = 'kid' in header ? header.kid : undefined;
  return id === undefined || typeof id === 'string' ? { id } : null;
};

const parse = (part: string): unknown => {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString());
  } catch {
    return null;
  }
};
