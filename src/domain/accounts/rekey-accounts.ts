/**
 * Computes keys, which SQL cannot, for accounts written by an older version. If two accounts have the same new key, the older one
 * gets it, and the other keeps an exact key: it is found by its exact spelling only.
 */
import { runOver } from '../../db/bulk.js';
import { isUniqueViolation, type Database, type Queryable } from '../../db/database.js';
import { accountKeysOf, cleanEmail, cleanUsername, exactKeyOf } from '../keys.js';

/** Two accounts that an older version kept apart. */
export interface SharedKey {
  field: 'username' | 'email';
  /** The account that is found by any spelling from now on. */
  holder: string;
  /** The account that needs its exact spelling to sign in. */
  other: string;
}

interface Account {
  id: bigint;
  username: string;
  usernameKey: string;
  email: string;
  emailKey: string;
  firstName: string;
  lastName: string;
}

interface Holder {
  id: bigint;
  key: string;
  value: string;
  isRekeyed: boolean;
}

const BATCH = 1000;
const TRIES = 5;

// Locked, so that a name changed meanwhile gets the key of the new name.
const NEXT = `SELECT id, username, username_key AS "usernameKey", email, email_key AS "emailKey", first_name AS "firstName",
    last_name AS "lastName"
  FROM "user" WHERE name_key IS NULL AND id > $1::bigint ORDER BY id LIMIT ${BATCH} FOR NO KEY UPDATE`;
const HOLDERS = (field: SharedKey['field']) => `SELECT id, ${field}_key AS key, ${field} AS value,
  name_key IS NOT NULL AS "isRekeyed" FROM "user" WHERE ${field}_key = ANY($1::text[])`;
const SET_ASIDE = (field: SharedKey['field']) => `UPDATE "user" SET ${field}_key = given.key
  FROM unnest($1::bigint[], $2::text[]) AS given(id, key) WHERE "user".id = given.id`;
const REKEY = `UPDATE "user" SET username_key = given.username_key, email_key = given.email_key, name_key = given.name_key
  FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS given(id, username_key, email_key, name_key)
  WHERE "user".id = given.id`;

/**
 * In batches, each a transaction: if it is interrupted, the next start continues. If all accounts have their keys it is one query.
 *
 * @param onShared called for each two accounts whose names or addresses have the same new key
 */
export const rekeyAccounts = async (db: Database, onShared: (shared: SharedKey) => void): Promise<void> => {
  let last: bigint | undefined = 0n;
  while (last !== undefined) last = await rekeyBatch(db, last, onShared);
};

/** @returns the last account's id; undefined if there was none */
const rekeyBatch = async (
  db: Database,
  after: bigint,
  onShared: (shared: SharedKey) => void,
): Promise<bigint | undefined> => {
  for (let tries = 1; ; tries += 1) {
    try {
      const { last, shared } = await db.transaction((tx) => rekeyWithin(tx, after), { isLong: true });
      shared.forEach(onShared);
      return last;
    } catch (error) {
      // A node of the older version, still running, has assigned this key meanwhile.
      if (!isUniqueViolation(error) || tries === TRIES) throw error;
    }
  }
};

const rekeyWithin = async (tx: Queryable, after: bigint) => {
  const accounts = await tx.query<Account>(NEXT, [after]);
  const keys = accounts.map(accountKeysOf);
  const usernames = await giveKeys(
    tx,
    'username',
    accounts.map((account, index) => ({
      id: account.id,
      value: cleanUsername(account.username),
      now: account.usernameKey,
      key: keys[index]!.usernameKey,
    })),
  );
  const emails = await giveKeys(
    tx,
    'email',
    accounts.map((account, index) => ({
      id: account.id,
      value: cleanEmail(account.email),
      now: account.emailKey,
      key: keys[index]!.emailKey,
    })),
  );
  await runOver(tx, REKEY, accounts.entries(), ([index, { id }]) => [
    id,
    usernames.keys[index],
    emails.keys[index],
    keys[index]!.nameKey,
  ]);
  return { last: accounts.at(-1)?.id, shared: [...usernames.shared, ...emails.shared] };
};

interface Wanted {
  id: bigint;
  value: string;
  /** Its present key. */
  now: string;
  /** The key that it should have. */
  key: string;
}

/** @returns the key of each, in order; accounts of later batches that hold one of these keys get an exact key */
const giveKeys = async (tx: Queryable, field: SharedKey['field'], wanted: readonly Wanted[]) => {
  const changed = wanted.filter(({ key, now }) => key !== now).map(({ key }) => key);
  const rows = changed.length === 0 ? [] : await tx.query<Holder>(HOLDERS(field), [changed]);
  const holders = new Map(rows.map((row) => [row.key, row]));
  const aside: Holder[] = [];
  const shared: SharedKey[] = [];
  const given = new Map<string, string>();

  const keys = wanted.map(({ id, value, key }) => {
    const holder = holders.get(key);
    const isOlder = holder !== undefined && holder.id !== id && (holder.isRekeyed || holder.id < id);
    const taken = given.get(key) ?? (isOlder ? holder.value : undefined);
    if (taken !== undefined) {
      shared.push({ field, holder: taken, other: value });
      return exactKeyOf(value);
    }
    if (holder !== undefined && holder.id !== id) aside.push(holder);
    given.set(key, value);
    return key;
  });
  // First: even within one statement no two rows may have the same key.
  await runOver(tx, SET_ASIDE(field), aside, ({ id, value }) => [id, exactKeyOf(value)]);
  return { keys, shared };
};
