/** Users with another product's token: the first one creates their account here, later ones find it. */
import { createHash, randomBytes } from 'node:crypto';
import { isUniqueViolation, type Database } from '../../db/database.js';
import { acceptedInput, cleanName, newPlaceholderEmail, withoutBidi } from './account-input.js';
import { cleanAccount } from './account-store.js';
import type { CredentialFacts } from './credential-facts.js';
import { accountKeysOf, emailKeyOf, nameKeyOf, usernameKeyOf } from '../keys.js';
import type { TrustedClaims } from './trusted-tokens.js';

export interface TrustedUsers {
  /**
   * Creates the account of the claims' user unless it exists: of concurrent calls on any nodes, one creates it. The claims are used
   * if they are valid here and not taken; an e-mail address never leads to another user's account.
   */
  make(claims: TrustedClaims): Promise<void>;
  /**
   * Takes over names that the product has changed: those of a token whose names differ from the newest token's, if it is not
   * older. So names do not go back and forth between an older token, the product, and what users call themselves here.
   *
   * @param known the names in the newest token so far
   * @returns whether anything was written; if nothing changed the database is not asked
   */
  followNames(claims: TrustedClaims, known: Pick<CredentialFacts, 'claimedNames' | 'claimedAt'>): Promise<boolean>;
}

const TAKEN = `
SELECT username_key AS key FROM "user" WHERE username_key = ANY($1::text[])
UNION ALL SELECT email_key FROM "user" WHERE email_key = $2::text`;
const IS_THERE = `SELECT 1 FROM "user" WHERE external_id = $1::text`;
const INSERT = `
INSERT INTO "user" (username, username_key, email, email_key, first_name, last_name, name_key, external_id, claimed_names, claimed_at)
VALUES ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::timestamptz)
ON CONFLICT (external_id) DO NOTHING`;

// Of two concurrent nodes the one with the older token finds that out here, and changes nothing.
const LOCK_FOLLOWED = `
SELECT id, username, first_name AS "firstName", last_name AS "lastName", claimed_names IS NULL AS "isFirst" FROM "user"
WHERE external_id = $1::text AND claimed_names IS DISTINCT FROM $2::text AND (claimed_at IS NULL OR claimed_at <= $3::timestamptz)
FOR NO KEY UPDATE`;
const FOLLOW_NAMES = `
UPDATE "user" SET first_name = $2::text, last_name = $3::text, name_key = $4::text, claimed_names = $5::text,
  claimed_at = $6::timestamptz WHERE id = $1::bigint`;

interface FollowedUser {
  id: bigint;
  username: string;
  firstName: string;
  lastName: string;
  /** No token has had any names yet. */
  isFirst: boolean;
}

const TRIES = 5;

export const createTrustedUsers = (db: Database): TrustedUsers => {
  const insert = async (claims: TrustedClaims): Promise<void> => {
    const { firstName, lastName, claimed: claimedNames } = namesOf(claims);
    const names = usernamesFor(claims);
    const email = acceptedInput('email', claims.email);
    const taken = await db.query<{ key: string }>(TAKEN, [
      names.map(usernameKeyOf),
      email === undefined ? null : emailKeyOf(email),
    ]);
    const isFree = (key: string) => !taken.some((one) => one.key === key);
    const username = names.find((name) => isFree(usernameKeyOf(name)))!;
    const account = cleanAccount({
      username,
      email: email !== undefined && isFree(emailKeyOf(email)) ? email : newPlaceholderEmail(),
      firstName,
      lastName,
    });
    const { usernameKey, emailKey, nameKey } = accountKeysOf(account);
    await db.query(INSERT, [
      account.username,
      usernameKey,
      account.email,
      emailKey,
      account.firstName,
      account.lastName,
      nameKey,
      claims.externalId,
      claimedNames,
      claimedNames === null ? null : claims.issuedAt,
    ]);
  };

  return {
    make: async (claims) => {
      for (let tries = 1; ; tries++) {
        if ((await db.query(IS_THERE, [claims.externalId])).length > 0) return;
        try {
          return await insert(claims);
        } catch (error) {
          // Somebody took the name or the address meanwhile.
          if (!isUniqueViolation(error) || tries === TRIES) throw error;
        }
      }
    },

    followNames: async (claims, known) => {
      const { firstName, lastName, claimed } = namesOf(claims);
      if (claimed === null || claimed === known.claimedNames) return false;
      if (known.claimedAt !== null && claims.issuedAt < known.claimedAt) return false;
      await db.transaction(async (tx) => {
        const [user] = await tx.query<FollowedUser>(LOCK_FOLLOWED, [claims.externalId, claimed, claims.issuedAt]);
        if (user === undefined) return;
        const { username, isFirst, ...now } = user;
        // Existing names are the user's choice, or the product's by `upsertUsers`: no token has changed them since.
        const isKept = isFirst && (now.firstName !== '' || now.lastName !== '');
        const named = {
          username,
          firstName: isKept ? now.firstName : (firstName ?? now.firstName),
          lastName: isKept ? now.lastName : (lastName ?? now.lastName),
        };
        const params = [user.id, named.firstName, named.lastName, nameKeyOf(named), claimed, claims.issuedAt];
        await tx.query(FOLLOW_NAMES, params);
      });
      return true;
    },
  };
};

/** The names that are valid here; `claimed` is null if there are none. */
const namesOf = (claims: TrustedClaims) => {
  const [firstName, lastName] = (['firstName', 'lastName'] as const).map((field) => {
    const name = acceptedInput(field, claims[field] && withoutBidi(claims[field]));
    return name === undefined ? undefined : cleanName(name);
  });
  const isSilent = firstName === undefined && lastName === undefined;
  return { firstName, lastName, claimed: isSilent ? null : JSON.stringify([firstName ?? null, lastName ?? null]) };
};

/** The best first; the last one is random, so never taken. */
export const usernamesFor = ({
  externalId,
  username,
}: {
  externalId: string;
  username?: string | undefined;
}): string[] => {
  const hash = createHash('sha256').update(externalId).digest('hex').slice(0, 16);
  const random = randomBytes(8).toString('hex');
  return [username, `user-${externalId}`, `user-${hash}`, `user-${random}`].flatMap(
    (name) => acceptedInput('username', name) ?? [],
  );
};
