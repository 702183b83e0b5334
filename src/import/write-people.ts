/** Writes users and brands, and gives each its id. */
import { runOver, takeIds } from '../db/bulk.js';
import type { Database, Queryable } from '../db/database.js';
import { newPlaceholderEmail } from '../domain/accounts/account-input.js';
import { cleanAccount } from '../domain/accounts/account-store.js';
import { trimmedName } from '../domain/chat-names.js';
import { isUnusable } from '../domain/accounts/django-passwords.js';
import { accountKeysOf } from '../domain/keys.js';
import type { Brand, Collection, Person } from './collection.js';
import { keepImported } from './imported.js';

const CHUNK = 5000;

const USERS = `
INSERT INTO "user" (id, username, username_key, email, email_key, first_name, last_name, name_key, password_hash, role, external_id, created_at, deactivated_at)
SELECT id, username, username_key, email, email_key, first_name, last_name, name_key, password_hash, role::role, external_id, created_at,
  CASE WHEN NOT is_active THEN now() END
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
  $11::text[], $12::timestamptz[], $13::boolean[])
  AS given(id, username, username_key, email, email_key, first_name, last_name, name_key, password_hash, role, external_id, created_at, is_active)`;

const BRANDS = `INSERT INTO brand (id, name, plan, owner_id, created_at)
SELECT id, name, plan::plan, owner_id, created_at
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[]) AS given(id, name, plan, owner_id, created_at)`;

export const writePeople = (db: Database, { people }: Collection): Promise<void> =>
  inChunks(
    db,
    people.filter((person) => person.described !== null && !person.isDone),
    async (tx, chunk) => {
      const now = new Date();
      const fresh = chunk.filter(({ id }) => id === null);
      const ids = await takeIds(tx, 'user', fresh.length);
      const idOf = new Map(fresh.map((person, index) => [person, ids[index]!]));
      await runOver(tx, USERS, fresh, (person) => toUserValues(person, idOf.get(person)!, now));
      const written = chunk.map((person) => ({ thing: person, id: person.id ?? idOf.get(person)! }));
      await keepImported(
        tx,
        'user',
        written.map(({ thing, id }) => ({ source: thing.source, id, chatId: null })),
      );
      return written;
    },
  );

const toUserValues = ({ described }: Person, id: bigint, now: Date): unknown[] => {
  const { username, email, firstName, lastName, password, role, externalId, createdAt, isActive } = described!.as;
  const account = cleanAccount({
    username,
    email: email || newPlaceholderEmail(),
    firstName: firstName ?? '',
    lastName: lastName ?? '',
  });
  const { usernameKey, emailKey, nameKey } = accountKeysOf(account);
  return [
    id,
    account.username,
    usernameKey,
    account.email,
    emailKey,
    account.firstName,
    account.lastName,
    nameKey,
    password && !isUnusable(password) ? password : null,
    role ?? 'USER',
    externalId ?? null,
    createdAt ? new Date(createdAt) : now,
    isActive ?? true,
  ];
};

/** After the people. */
export const writeBrands = (db: Database, { brands, people }: Collection): Promise<void> =>
  inChunks(
    db,
    brands.filter((brand) => brand.described !== null && !brand.isDone),
    async (tx, chunk) => {
      const now = new Date();
      const ids = await takeIds(tx, 'brand', chunk.length);
      const written = chunk.map((brand: Brand, index) => ({ thing: brand, id: ids[index]! }));
      await runOver(tx, BRANDS, written, ({ thing, id }) => {
        const { name, plan, createdAt } = thing.described!.as;
        const ownerId = people[thing.owner!]!.id;
        return [id, trimmedName(name), plan ?? 'FREE', ownerId, createdAt ? new Date(createdAt) : now];
      });
      await keepImported(
        tx,
        'brand',
        written.map(({ thing, id }) => ({ source: thing.source, id, chatId: null })),
      );
      return written;
    },
  );

/** Ids are assigned after the commit only: a transaction may be retried. */
const inChunks = async <Thing extends { id: bigint | null }>(
  db: Database,
  things: readonly Thing[],
  write: (tx: Queryable, chunk: readonly Thing[]) => Promise<{ thing: Thing; id: bigint }[]>,
): Promise<void> => {
  for (let start = 0; start < things.length; start += CHUNK) {
    const chunk = things.slice(start, start + CHUNK);
    for (const { thing, id } of await db.transaction((tx) => write(tx, chunk), { isLong: true })) thing.id = id;
  }
};
