/** Brands: companies' profiles, each owned by one user, and their paid plan. */
import type { Database, Queryable } from '../../db/database.js';
import type { Plan } from '../../generated/prisma/enums.js';
import type { UserFacts } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import { nameProblem, trimmedName } from '../chat-names.js';
import { ForbiddenError, InvalidInputError, NotFoundError, refuseProblems } from '../errors.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import { canManageBrands } from '../rules/policy.js';
import { mustAdminister, type Viewer } from '../viewer.js';
import { viewerParams } from '../rules/visibility.js';
import { ASKED, askedParams, gatherAsked, SEEN_CHATS, toEachOfMany } from '../rules/asked-chats.js';

export interface BrandRow {
  id: bigint;
  name: string;
  plan: Plan;
  owner: UserFacts;
}

export interface NewBrand {
  /** Null if the id did not decode. */
  ownerId: bigint | null;
  name: string;
  plan: Plan;
}

/** A brand is visible to its owner, to the members of its matches and to administrators; reads leave out invisible ones. */
export interface Brands {
  /** @throws InvalidInputError, also if the owner has a brand already; NotFoundError if the owner is no active user; ForbiddenError */
  create(viewer: Viewer, brand: NewBrand): Promise<BrandRow>;
  /**
   * Sets a brand's plan, and with it what administrators may do in all its chats; the same plan changes nothing.
   *
   * @param brandId null if the id did not decode
   * @throws NotFoundError, ForbiddenError
   */
  setPlan(viewer: Viewer, brandId: bigint | null, plan: Plan): Promise<BrandRow>;
  /**
   * In the order of `ids`, null for brands that do not exist or are not visible. One statement; so are the others below,
   * for all that are asked for in one turn of the event loop.
   */
  byIds(viewer: Viewer, ids: readonly bigint[]): Promise<(BrandRow | null)[]>;
  /** @returns null for an owner without a visible brand */
  byOwner(viewer: Viewer, ownerId: bigint): Promise<BrandRow | null>;
  /** The two brands of a MATCH; none for other chats. */
  ofChat(viewer: Viewer, chatId: bigint): Promise<BrandRow[]>;
}

const BRAND = `brand.id AS "brandId", brand.name, brand.plan::text AS plan, ${PERSON_COLUMNS}`;
const BRANDS = `brand JOIN "user" person ON person.id = brand.owner_id`;
const isSeenSql = (viewerId: string, isAdmin: string) => `(brand.owner_id = ${viewerId} OR ${isAdmin} OR EXISTS (
  SELECT 1 FROM chat_brand JOIN member ON member.chat_id = chat_brand.chat_id
  WHERE chat_brand.brand_id = brand.id AND member.user_id = ${viewerId}))`;

const BY_IDS = `SELECT ${BRAND} FROM ${BRANDS} WHERE brand.id = ANY($3::bigint[]) AND ${isSeenSql('$1::bigint', '$2::boolean')}`;
const BY_OWNERS = `SELECT asked.n::int AS n, ${BRAND} FROM ${ASKED} JOIN brand ON brand.owner_id = asked.id
  JOIN "user" person ON person.id = brand.owner_id WHERE ${isSeenSql('asked.viewer_id', 'asked.is_admin')}`;
const OF_CHATS = `SELECT chat.id AS "chatId", chat.seen_by AS "seenBy", ${BRAND} FROM ${SEEN_CHATS}
  JOIN chat_brand ON chat_brand.chat_id = chat.id JOIN brand ON brand.id = chat_brand.brand_id
  JOIN "user" person ON person.id = brand.owner_id ORDER BY chat.id, brand.id`;

const PERSON = `SELECT ${PERSON_COLUMNS} FROM "user" person WHERE person.id = $1`;
// Of two concurrent inserts the second waits, and finds the first one's row.
const INSERT = `INSERT INTO brand (owner_id, name, plan) SELECT id, $2, $3::plan FROM "user"
  WHERE id = $1 AND deactivated_at IS NULL ON CONFLICT (owner_id) DO NOTHING RETURNING id`;
const IS_ACTIVE = `SELECT 1 FROM "user" WHERE id = $1 AND deactivated_at IS NULL`;

const CHATS = `SELECT chat_id AS "chatId" FROM chat_brand WHERE brand_id = $1`;
// A transaction that creates a match holds its brands' rows: this waits for it, and the next statement sees its chat.
const SET_PLAN = `UPDATE brand SET plan = $2::plan WHERE id = $1 AND plan <> $2::plan RETURNING id`;
/** Under the chats' locks: of two concurrent plan changes the second sees the first. */
const SET_BUSINESS = `UPDATE chat SET has_business = EXISTS (
    SELECT 1 FROM chat_brand JOIN brand ON brand.id = chat_brand.brand_id
    WHERE chat_brand.chat_id = chat.id AND brand.plan = 'BUSINESS')
  WHERE id = ANY($1::bigint[])`;

type BrandColumns = PersonColumns & { brandId: bigint; name: string; plan: Plan };

const toBrand = (row: BrandColumns): BrandRow => ({
  id: row.brandId,
  name: row.name,
  plan: row.plan,
  owner: toUser(row),
});

/** Thrown to roll back the transaction: a match was created meanwhile. */
class MatchMadeError extends Error {}

export const createBrands = ({ db, log }: { db: Database; log: Log }): Brands => {
  const byIds: Brands['byIds'] = async (viewer, ids) => {
    const rows = await db.query<BrandColumns>(BY_IDS, [...viewerParams(viewer), ids]);
    const found = new Map(rows.map((row) => [row.brandId, toBrand(row)]));
    return ids.map((id) => found.get(id) ?? null);
  };

  const setPlan = async (viewer: Viewer, brandId: bigint, plan: Plan): Promise<void> => {
    const chats = await db.query<{ chatId: bigint }>(CHATS, [brandId]);
    const chatIds = chats.map(({ chatId }) => chatId);
    await log.changeAll(chatIds, async (tx) => {
      const actor = await readActor(tx, viewer);
      if ((await tx.query(SET_PLAN, [brandId, plan])).length === 0) return;
      if ((await tx.query(CHATS, [brandId])).length > chatIds.length) throw new MatchMadeError();
      await tx.query(SET_BUSINESS, [chatIds]);
      await tx.appendToEach({ type: 'CHAT_UPDATED', actor });
    });
  };

  return {
    // BEGIN, three statements, COMMIT, one more for the answer.
    create: async (viewer, { ownerId, name, plan }) => {
      refuseProblems({ name: nameProblem(name) });
      if (ownerId === null) throw new NotFoundError('User');
      const id = await db.transaction(async (tx) => {
        if ((await tx.query(IS_ACTIVE, [ownerId])).length === 0) throw new NotFoundError('User');
        await readActor(tx, viewer);
        const [row] = await tx.query<{ id: bigint }>(INSERT, [ownerId, trimmedName(name), plan]);
        if (row === undefined) {
          throw new InvalidInputError([{ path: ['ownerId'], code: 'TAKEN', reason: 'owns a brand already' }]);
        }
        return row.id;
      });
      return (await byIds(viewer, [id]))[0]!;
    },

    // Two statements, BEGIN, at most six for any number of chats, COMMIT.
    setPlan: async (viewer, brandId, plan) => {
      const [brand] = brandId === null ? [] : await byIds(viewer, [brandId]);
      if (!brand) throw new NotFoundError('Brand');
      for (;;) {
        try {
          await setPlan(viewer, brand.id, plan);
          return { ...brand, plan };
        } catch (error) {
          if (!(error instanceof MatchMadeError)) throw error;
        }
      }
    },

    byIds,

    byOwner: gatherAsked(async (asked) => {
      const rows = await db.query<BrandColumns & { n: number }>(BY_OWNERS, askedParams(asked));
      const found = new Map(rows.map((row) => [row.n, toBrand(row)]));
      return asked.map((_one, index) => found.get(index + 1) ?? null);
    }),

    ofChat: gatherAsked(async (asked) => {
      type Row = BrandColumns & { chatId: bigint; seenBy: number[] };
      return toEachOfMany(asked, await db.query<Row>(OF_CHATS, askedParams(asked)), (rows) => rows.map(toBrand));
    }),
  };
};

/** As the database has them now. @throws ForbiddenError */
const readActor = async (tx: Queryable, viewer: Viewer): Promise<UserFacts> => {
  mustAdminister(viewer);
  const [row] = await tx.query<PersonColumns>(PERSON, [viewer.id]);
  if (row === undefined || !canManageBrands(row)) throw new ForbiddenError('Only administrators look after brands');
  return toUser(row);
};
