/** People who came with another product's token: the first makes their account here, later ones find it. */
import { createHash, randomBytes } from 'node:crypto';
import { isUniqueViolation, type Queryable } from '../db/database.js';
import { acceptedInput, emailKeyOf, newPlaceholderEmail, normalised, usernameKeyOf } from './account-input.js';
import type { TrustedClaims } from './trusted-tokens.js';

export interface TrustedUsers {
  /**
   * Makes the account of whom the claims speak of, unless it is there: of two at once, on whichever nodes, one is made. What the
   * claims say is taken where it may be had here and nobody has it; an e-mail address never leads to another's account.
   */
  make(claims: TrustedClaims): Promise<void>;
}

const TAKEN = `
SELECT username_key AS key FROM "user" WHERE username_key = ANY($1::text[])
UNION ALL SELECT email_key FROM "user" WHERE email_key = $2::text`;
const IS_THERE = `SELECT 1 FROM "user" WHERE external_id = $1::text`;
const INSERT = `
INSERT INTO "user" (username, username_key, email, email_key, first_name, last_name, external_id)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text)
ON CONFLICT (external_id) DO NOTHING`;

const TRIES = 5;

export const createTrustedUsers = (db: Queryable): TrustedUsers => {
  const insert = async (claims: TrustedClaims): Promise<void> => {
    const { firstName = '', lastName = '' } = claims;
    const names = usernamesFor(claims);
    const email = acceptedInput('email', claims.email);
    const taken = await db.query<{ key: string }>(TAKEN, [
      names.map(usernameKeyOf),
      email === undefined ? null : emailKeyOf(email),
    ]);
    const isFree = (key: string) => !taken.some((one) => one.key === key);
    const username = names.find((name) => isFree(usernameKeyOf(name)))!;
    const ownEmail = email !== undefined && isFree(emailKeyOf(email)) ? email : newPlaceholderEmail();
    await db.query(INSERT, [
      normalised(username),
      usernameKeyOf(username),
      ownEmail,
      emailKeyOf(ownEmail),
      acceptedInput('firstName', firstName) ?? '',
      acceptedInput('lastName', lastName) ?? '',
      claims.externalId,
    ]);
  };

  return {
    make: async (claims) => {
      for (let tries = 1; ; tries++) {
        if ((await db.query(IS_THERE, [claims.externalId])).length > 0) return;
        try {
          return await insert(claims);
        } catch (error) {
          // Somebody took the name or the address since we looked.
          if (!isUniqueViolation(error) || tries === TRIES) throw error;
        }
      }
    },
  };
};

/** The best first; the last is nobody's. */
const usernamesFor = ({ externalId, username }: TrustedClaims): string[] => {
  const hash = createHash('sha256').update(externalId).digest('hex').slice(0, 16);
  const random = randomBytes(8).toString('hex');
  return [username, `user-${externalId}`, `user-${hash}`, `user-${random}`].flatMap(
    (name) => acceptedInput('username', name) ?? [],
  );
};
