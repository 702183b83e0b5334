/** A product's users, created and changed by its program: up to 100 at once, each checked separately, in one transaction. */
import { isUniqueViolation, type Database, type Queryable } from '../../db/database.js';
import type { Role } from '../../generated/prisma/enums.js';
import { accountProblem, isPlaceholderEmail, newPlaceholderEmail } from './account-input.js';
import { cleanAccount } from './account-store.js';
import { lockAvatars, NO_AVATAR, wear } from '../worn-avatar.js';
import { ForbiddenError, refuseProblems, type InvalidField, type Problem } from '../errors.js';
import { emailKeyOf, nameKeyOf, usernameKeyOf } from '../keys.js';
import { readMetadata } from '../metadata.js';
import type { Sessions } from './sessions.js';
import { isExternalId } from './trusted-tokens.js';
import { usernamesFor } from './trusted-users.js';
import { countProblem, isGiven, NO_USER, problemsOf, type UserUpsert } from './user-upsert-input.js';
import { lastAdministratorField, LOCK_ADMINISTRATORS } from './user-administration.js';
import { USER_COLUMNS, type UserRow } from './users.js';
import { mustAdminister, type Viewer } from '../viewer.js';

export interface RefusedUser {
  /** Its index in the input. */
  index: number;
  fields: InvalidField[];
}

export interface UpsertedUsers {
  /** In the order of the input, without refused ones. */
  users: UserRow[];
  refused: RefusedUser[];
}

export interface UserUpserts {
  /**
   * Of two concurrent calls for one `externalId` one creates the user, and the other finds them. A deactivated user loses sessions and
   * sockets on every node within 5 s; a changed role takes effect as soon.
   *
   * @throws InvalidInputError for none or too many, ForbiddenError
   */
  upsert(viewer: Viewer, upserts: readonly UserUpsert[]): Promise<UpsertedUsers>;
}

/** A try fails if somebody else took a name, an address or an ID since it was looked up. */
const TRIES = 5;

interface Account {
  externalId: string | null;
  username: string;
  usernameKey: string;
  email: string;
  emailKey: string;
  firstName: string;
  lastName: string;
  role: Role;
  isActive: boolean;
  metadata: string | null;
}

type Present = Account & { id: bigint };

/** `before` is undefined for a new user. */
interface Change {
  before: Present | undefined;
  after: Account;
  /** Undefined: unchanged; null: none. */
  avatarUploadId: bigint | null | undefined;
}

// After the administrators, which every change of a role locks first.
const LOCK_USERS = `SELECT id, external_id AS "externalId", username, username_key AS "usernameKey", email, email_key AS "emailKey",
    first_name AS "firstName", last_name AS "lastName", role::text AS role, deactivated_at IS NULL AS "isActive", metadata
  FROM "user" WHERE external_id = ANY($1::text[]) OR id = ANY($2::bigint[]) ORDER BY id FOR NO KEY UPDATE`;
const HOLDERS = `SELECT id, username_key AS "usernameKey", email_key AS "emailKey" FROM "user"
  WHERE username_key = ANY($1::text[]) OR email_key = ANY($2::text[])`;
const GIVEN = `unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::boolean[], $12::text[], $13::boolean[])
  AS given(id, external_id, username, username_key, email, email_key, first_name, last_name, name_key, role, is_active, metadata,
    has_other_rights)`;
const INSERT = `INSERT INTO "user" (external_id, username, username_key, email, email_key, first_name, last_name, name_key, role,
    deactivated_at, metadata)
  SELECT external_id, username, username_key, email, email_key, first_name, last_name, name_key, role::role,
    CASE WHEN is_active THEN NULL ELSE now() END, metadata
  FROM ${GIVEN} ON CONFLICT (external_id) DO NOTHING RETURNING id, external_id AS "externalId"`;
const UPDATE = `UPDATE "user" u SET username = given.username, username_key = given.username_key, email = given.email,
    email_key = given.email_key, first_name = given.first_name, last_name = given.last_name, name_key = given.name_key,
    role = given.role::role,
    deactivated_at = CASE WHEN given.is_active THEN NULL ELSE coalesce(u.deactivated_at, now()) END, metadata = given.metadata,
    xid = CASE WHEN given.has_other_rights THEN pg_current_xact_id() ELSE u.xid END
  FROM ${GIVEN} WHERE u.id = given.id`;
const READ = `SELECT ${USER_COLUMNS} FROM "user" u WHERE u.id = ANY($1::bigint[])`;

/** Somebody was faster: everything is rolled back, and checked again. */
class OvertakenError extends Error {}

export interface UserUpsertsOptions {
  db: Database;
  sessions: Pick<Sessions, 'endWithin' | 'announce'>;
}

/**
 * BEGIN, three statements, one for each of creating, changing and deactivating, one to read them, COMMIT; for any number of users. Pictures
 * take one more, and one for each.
 */
export const createUserUpserts = ({ db, sessions }: UserUpsertsOptions): UserUpserts => {
  const write = (viewer: Viewer, upserts: readonly UserUpsert[]) =>
    db.transaction(async (tx) => {
      const administrators = await tx.query<{ id: bigint }>(LOCK_ADMINISTRATORS);
      if (!administrators.some(({ id }) => id === viewer.id)) throw new ForbiddenError('Only administrators do this');
      const present = await tx.query<Present>(LOCK_USERS, [
        upserts.flatMap(({ externalId }) => (isGiven(externalId) && isExternalId(externalId) ? [externalId] : [])),
        upserts.flatMap(({ id }) => id ?? []),
      ]);
      const judge = createJudge(present, new Set(administrators.map(({ id }) => id)));
      await judge.readHolders(tx, upserts);
      await judge.readAvatars(tx, viewer, upserts);

      const refused: RefusedUser[] = [];
      const changes: Change[] = [];
      for (const [index, upsert] of upserts.entries()) {
        const judged = judge.judge(upsert);
        if ('fields' in judged) refused.push({ index, fields: judged.fields });
        else changes.push(judged);
      }
      const ids = await writeChanges(tx, changes);
      for (const [index, { avatarUploadId }] of changes.entries())
        if (avatarUploadId !== undefined) await wear(tx, { table: 'user', id: ids[index]! }, viewer.id, avatarUploadId);
      const deactivated = changes.flatMap(({ before, after }) =>
        before?.isActive && !after.isActive ? [before.id] : [],
      );
      const sessionIds = deactivated.length === 0 ? [] : await sessions.endWithin(tx, deactivated);
      const rows = ids.length === 0 ? [] : await tx.query<UserRow>(READ, [ids]);
      const byId = new Map(rows.map((row) => [row.id, row]));
      const userIds = changes.flatMap((change) => (hasOtherRights(change) ? [change.before!.id] : []));
      return { users: ids.map((id) => byId.get(id)!), refused, changed: { sessionIds, userIds } };
    });

  return {
    upsert: async (viewer, upserts) => {
      refuseProblems({ users: countProblem(upserts.length) });
      mustAdminister(viewer);
      for (let tries = 1; ; tries += 1) {
        try {
          const { users, refused, changed } = await write(viewer, upserts);
          sessions.announce(changed);
          return { users, refused };
        } catch (error) {
          const isOvertaken = error instanceof OvertakenError || isUniqueViolation(error);
          if (!isOvertaken || tries === TRIES) throw error;
        }
      }
    },
  };
};

/** Decides about one upsert after the other, given the names and addresses that the previous ones have taken. */
const createJudge = (present: readonly Present[], administrators: Set<bigint>) => {
  const byId = new Map(present.map((user) => [user.id, user]));
  const byExternalId = new Map(present.map((user) => [user.externalId, user]));
  /** The owner of each name or address, by its key: an id, or a new user's external ID. */
  const holders = { username: new Map<string, bigint | string>(), email: new Map<string, bigint | string>() };
  const done = new Set<bigint | string>();
  /** Who wears each upload that may be worn; null: nobody. */
  let avatars = new Map<bigint, bigint | null>();

  const find = ({ externalId, id }: UserUpsert) =>
    isGiven(externalId) ? byExternalId.get(externalId) : byId.get(id ?? 0n);

  const isFree = (field: 'username' | 'email', key: string, self: bigint | string) =>
    (holders[field].get(key) ?? self) === self;

  const mayWear = (uploadId: bigint, userId: bigint | undefined) => {
    const wearer = avatars.get(uploadId);
    return wearer === null || (wearer !== undefined && wearer === userId);
  };

  const accountOf = (upsert: UserUpsert, before: Present | undefined, self: bigint | string): Account => {
    const { externalId = null } = upsert;
    const orEmpty = (name: string | null | undefined, otherwise: string) =>
      name === undefined ? otherwise : (name ?? '');
    const isCleared = upsert.email === null && before !== undefined && !isPlaceholderEmail(before.email);
    const email = isCleared ? undefined : (upsert.email ?? before?.email);
    const metadata = upsert.metadata === undefined ? undefined : readMetadata(upsert.metadata);
    const isFreeName = (name: string) => isFree('username', usernameKeyOf(name), self);
    const names = cleanAccount({
      username: upsert.username ?? before?.username ?? usernamesFor({ externalId: externalId! }).find(isFreeName)!,
      email: email ?? newPlaceholderEmail(),
      firstName: orEmpty(upsert.firstName, before?.firstName ?? ''),
      lastName: orEmpty(upsert.lastName, before?.lastName ?? ''),
    });
    return {
      externalId: before?.externalId ?? externalId,
      ...names,
      // An unchanged name keeps its key, which may be an exact one (`exactKeyOf`).
      usernameKey: names.username === before?.username ? before.usernameKey : usernameKeyOf(names.username),
      emailKey: names.email === before?.email ? before.emailKey : emailKeyOf(names.email),
      role: upsert.role ?? before?.role ?? 'USER',
      isActive: upsert.isActive ?? before?.isActive ?? true,
      metadata: metadata !== undefined && 'text' in metadata ? metadata.text : (before?.metadata ?? null),
    };
  };

  return {
    readHolders: async (tx: Queryable, upserts: readonly UserUpsert[]): Promise<void> => {
      const names = upserts.flatMap(({ username, externalId }) => [
        ...(isGiven(username) ? [username] : []),
        ...(isGiven(externalId) && !byExternalId.has(externalId) ? usernamesFor({ externalId }) : []),
      ]);
      const emails = upserts.flatMap(({ email }) => email ?? []);
      const rows = await tx.query<{ id: bigint; usernameKey: string; emailKey: string }>(HOLDERS, [
        names.filter((name) => accountProblem('username', name) === undefined).map(usernameKeyOf),
        emails.filter((email) => accountProblem('email', email) === undefined).map(emailKeyOf),
      ]);
      for (const { id, usernameKey, emailKey } of rows) {
        holders.username.set(usernameKey, id);
        holders.email.set(emailKey, id);
      }
    },

    readAvatars: async (tx: Queryable, viewer: Viewer, upserts: readonly UserUpsert[]): Promise<void> => {
      const ids = upserts.flatMap(({ avatarUploadId }) => avatarUploadId ?? []);
      if (ids.length > 0) avatars = await lockAvatars(tx, viewer.id, ids, [...byId.keys()]);
    },

    judge: (upsert: UserUpsert): Change | { fields: InvalidField[] } => {
      const fields = problemsOf(upsert);
      if (fields.length > 0) return { fields };
      const before = find(upsert);
      if (before === undefined && !isGiven(upsert.externalId)) return { fields: [{ path: ['id'], ...NO_USER }] };
      const self = before?.id ?? upsert.externalId!;
      if (done.has(self))
        return { fields: [{ path: [isGiven(upsert.externalId) ? 'externalId' : 'id'], ...NAMED_BEFORE }] };

      const after = accountOf(upsert, before, self);
      const { usernameKey, emailKey } = after;
      if (!isFree('username', usernameKey, self)) fields.push({ path: ['username'], ...TAKEN });
      if (!isFree('email', emailKey, self)) fields.push({ path: ['email'], ...TAKEN });
      const [was, is] = [before !== undefined && isAdministrator(before), isAdministrator(after)];
      if (was && !is && administrators.size === 1)
        fields.push(lastAdministratorField(after.role === 'ADMIN' ? 'isActive' : 'role'));
      const { avatarUploadId } = upsert;
      if (isGiven(avatarUploadId) && !mayWear(avatarUploadId, before?.id))
        fields.push({ path: ['avatarUploadId'], ...NO_AVATAR });
      if (fields.length > 0) return { fields };

      done.add(self);
      if (isGiven(avatarUploadId)) avatars.delete(avatarUploadId);
      holders.username.set(usernameKey, self);
      holders.email.set(emailKey, self);
      // A new user does not count as the remaining administrator: they do not exist yet.
      if (before !== undefined && was !== is) administrators[is ? 'add' : 'delete'](before.id);
      return { before, after, avatarUploadId };
    },
  };
};

const isAdministrator = ({ role, isActive }: Account) => role === 'ADMIN' && isActive;

const hasOtherRights = ({ before, after }: Change) =>
  before !== undefined && (before.role !== after.role || before.isActive !== after.isActive);

const TAKEN: Problem = { code: 'TAKEN', reason: 'is taken' };
const NAMED_BEFORE: Problem = { code: 'NOT_ALLOWED', reason: 'was named before' };

/** @returns their ids, in order. @throws OvertakenError */
const writeChanges = async (tx: Queryable, changes: readonly Change[]): Promise<bigint[]> => {
  const made = changes.filter(({ before }) => before === undefined);
  const changed = changes.filter(({ before, after }) => before !== undefined && differs(before, after));
  const rows = made.length === 0 ? [] : await tx.query<{ id: bigint; externalId: string }>(INSERT, columnsOf(made));
  if (rows.length < made.length) throw new OvertakenError();
  if (changed.length > 0) await tx.query(UPDATE, columnsOf(changed));
  const idOf = new Map(rows.map(({ id, externalId }) => [externalId, id]));
  return changes.map(({ before, after }) => before?.id ?? idOf.get(after.externalId!)!);
};

const differs = (before: Present, after: Account) =>
  (Object.keys(after) as (keyof Account)[]).some((field) => before[field] !== after[field]);

const columnsOf = (changes: readonly Change[]): unknown[][] => [
  changes.map(({ before }) => before?.id),
  changes.map(({ after }) => after.externalId),
  changes.map(({ after }) => after.username),
  changes.map(({ after }) => after.usernameKey),
  changes.map(({ after }) => after.email),
  changes.map(({ after }) => after.emailKey),
  changes.map(({ after }) => after.firstName),
  changes.map(({ after }) => after.lastName),
  changes.map(({ after }) => nameKeyOf(after)),
  changes.map(({ after }) => after.role),
  changes.map(({ after }) => after.isActive),
  changes.map(({ after }) => after.metadata),
  changes.map(hasOtherRights),
];
