/** The header of a JWT, read before its signature: which key it names, and whether the token can be checked at all. */

interface JwtHeader {
  /** The name of its key. */
  id: string | undefined;
}

/**
 * @returns null if it is no JSON object, or requires an unsupported extension: `crit` must not be ignored (RFC 7515 4.1.11),
 *   and `b64` means that the payload is not encoded as usual (RFC 7797)
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
