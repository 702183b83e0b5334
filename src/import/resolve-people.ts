/** Which users and brands exist here already, and which conflict with existing ones. */
import type { Queryable } from '../db/database.js';
import { emailKeyOf, usernameKeyOf } from '../domain/keys.js';
import type { Collection, Person, Problem } from './collection.js';
import { findImported, inBatches } from './imported.js';
import type { UserLine } from './line.js';

export interface ResolveOptions {
  /** Takes a user here with the same username and e-mail address for the one in the file. */
  isAdopting: boolean;
}

interface Present {
  id: bigint;
  username: string;
  usernameKey: string;
  emailKey: string;
  externalId: string | null;
}

const FIND_USERS = (column: string) => `SELECT id, username, username_key AS "usernameKey", email_key AS "emailKey",
  external_id AS "externalId" FROM "user" WHERE ${column} = ANY($1::text[])`;

const OWNED = `SELECT owner_id AS "ownerId" FROM brand WHERE owner_id = ANY($1::bigint[])`;
const OWNERS = `SELECT id, owner_id AS "ownerId" FROM brand WHERE id = ANY($1::bigint[])`;

/** Gives existing people their ids. */
export const resolvePeople = async (
  db: Queryable,
  { people }: Collection,
  { isAdopting }: ResolveOptions,
): Promise<Problem[]> => {
  const bySource = new Map(people.map((person) => [person.source, person]));
  await findImported(db, 'user', bySource.keys(), ({ source, id }) =>
    Object.assign(bySource.get(source)!, { id, isDone: true }),
  );

  const fresh = people.filter((person) => person.described !== null && !person.isDone) as Described[];
  const problems = twiceInFile(fresh);
  const present = {
    username: new Map<string, Present>(),
    email: new Map<string, Present>(),
    external: new Map<string, Present>(),
  };
  const find = (column: string, keys: string[], onRow: (row: Present) => void) =>
    inBatches(keys, (batch) => db.query<Present>(FIND_USERS(column), [batch]), onRow);
  const lines = fresh.map(({ described }) => described.as);
  await find(
    'username_key',
    lines.map(({ username }) => usernameKeyOf(username)),
    (row) => present.username.set(row.usernameKey, row),
  );
  await find(
    'email_key',
    lines.flatMap(({ email }) => (email ? [emailKeyOf(email)] : [])),
    (row) => present.email.set(row.emailKey, row),
  );
  await find(
    'external_id',
    lines.flatMap(({ externalId }) => externalId ?? []),
    (row) => present.external.set(row.externalId!, row),
  );

  for (const person of fresh) {
    const { line, as } = person.described;
    const sameName = present.username.get(usernameKeyOf(as.username));
    const sameEmail = as.email ? present.email.get(emailKeyOf(as.email)) : undefined;
    const sameExternal = as.externalId ? present.external.get(as.externalId) : undefined;
    // A user who came with the product's own token is known for certain; anybody may have registered a name.
    if (sameExternal !== undefined) person.id = sameExternal.id;
    else if (sameName !== undefined && sameName.id === sameEmail?.id) {
      if (isAdopting) person.id = sameName.id;
      else {
        const reason = `username: ${sameName.username} is here already, under the same e-mail address: --adopt takes them for this user`;
        problems.push({ line, reason });
      }
    } else if (sameName !== undefined) {
      problems.push({ line, reason: `username: ${sameName.username} is here already, under another e-mail address` });
    } else if (sameEmail !== undefined) {
      problems.push({ line, reason: `email: is that of ${sameEmail.username}, who is here already` });
    }
  }
  return problems;
};

type Described = Person & { described: { line: number; as: UserLine } };

const twiceInFile = (people: readonly Described[]): Problem[] => {
  const seen = new Map<string, number>();
  const problems: Problem[] = [];
  for (const { described } of people) {
    const { username, email, externalId } = described.as;
    const keys = { username: usernameKeyOf(username), email: email && emailKeyOf(email), externalId };
    for (const [field, key] of Object.entries(keys)) {
      if (!key) continue;
      const earlier = seen.get(`${field}:${key}`);
      if (earlier === undefined) seen.set(`${field}:${key}`, described.line);
      else problems.push({ line: described.line, reason: `${field}: line ${earlier} has the same` });
    }
  }
  return problems;
};

/** After the people. */
export const resolveBrands = async (db: Queryable, { brands, people }: Collection): Promise<Problem[]> => {
  const bySource = new Map(brands.map((brand) => [brand.source, brand]));
  await findImported(db, 'brand', bySource.keys(), ({ source, id }) =>
    Object.assign(bySource.get(source)!, { id, isDone: true }),
  );
  const placeOf = new Map(people.flatMap(({ id }, place) => (id === null ? [] : [[id, place] as const])));
  const known = new Map(brands.flatMap((brand) => (brand.id === null ? [] : [[brand.id, brand] as const])));
  await inBatches(
    known.keys(),
    (batch) => db.query<{ id: bigint; ownerId: bigint }>(OWNERS, [batch]),
    ({ id, ownerId }) => void (known.get(id)!.owner = placeOf.get(ownerId) ?? null),
  );

  const problems: Problem[] = [];
  const owning = new Map<number, number>();
  const fresh = brands.filter((brand) => brand.described !== null && !brand.isDone);
  for (const { owner, described } of fresh) {
    const earlier = owning.get(owner!);
    if (earlier === undefined) owning.set(owner!, described!.line);
    else problems.push({ line: described!.line, reason: `owner: has the brand of line ${earlier}` });
  }
  const owners = new Set<bigint>();
  const ids = fresh.flatMap(({ owner }) => people[owner!]!.id ?? []);
  await inBatches(
    ids,
    (batch) => db.query<{ ownerId: bigint }>(OWNED, [batch]),
    ({ ownerId }) => owners.add(ownerId),
  );
  for (const { owner, described } of fresh) {
    if (owners.has(people[owner!]!.id ?? -1n))
      problems.push({ line: described!.line, reason: 'owner: has a brand already' });
  }
  return problems;
};
