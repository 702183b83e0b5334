/** Matches: one chat for each pair of brands, whose owners are its members. */
import type { Bus } from '../../bus/bus.js';
import type { Database } from '../../db/database.js';
import type { Role } from '../../generated/prisma/enums.js';
import type { ChatRow } from '../../log/event.js';
import type { Log } from '../../log/log.js';
import type { Brands } from './brands.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../errors.js';
import { findOrMake } from './find-or-make.js';
import { insertChat, matchKey } from './new-chat.js';
import { canCreateMatch } from '../rules/policy.js';
import { ringUsers } from '../user-bell.js';
import { mustAdminister, type Viewer } from '../viewer.js';

export interface Matches {
  /**
   * Creates the chat of two brands, or finds it.
   *
   * @param brandIds exactly two different ones; null if an id did not decode
   * @throws InvalidInputError, NotFoundError, ForbiddenError
   */
  create(viewer: Viewer, brandIds: readonly (bigint | null)[]): Promise<{ chat: ChatRow; created: boolean }>;
}

const ROLE = `SELECT role::text AS role FROM "user" WHERE id = $1`;
/** Held until the chat is created, so that a concurrent plan change finds it. */
const LOCK_BRANDS = `SELECT owner_id AS "ownerId", plan = 'BUSINESS' AS "isBusiness" FROM brand
  WHERE id = ANY($1::bigint[]) ORDER BY id FOR SHARE`;
const BRANDS = `INSERT INTO chat_brand (chat_id, brand_id) SELECT $1, brand_id FROM unnest($2::bigint[]) AS matched(brand_id)`;

export interface MatchesOptions {
  db: Database;
  log: Log;
  bus: Bus;
  brands: Pick<Brands, 'byIds'>;
}

/** If the chat exists: three statements. Otherwise in addition BEGIN, seven, COMMIT. */
export const createMatches = ({ db, log, bus, brands }: MatchesOptions): Matches => {
  const make = (viewer: Viewer, brandIds: readonly bigint[], key: string) =>
    db.transaction(async (tx) => {
      const owners = await tx.query<{ ownerId: bigint; isBusiness: boolean }>(LOCK_BRANDS, [brandIds]);
      const memberIds = owners.map(({ ownerId }) => ownerId);
      const hasBusiness = owners.some(({ isBusiness }) => isBusiness);
      const chat = await insertChat(tx, log, {
        kind: 'MATCH',
        keys: [key],
        memberIds,
        actorId: viewer.id,
        hasBusiness,
      });
      await tx.query(BRANDS, [chat.id, brandIds]);
      return { chat, memberIds };
    });

  return {
    create: async (viewer, givenIds) => {
      if (givenIds.length !== 2 || (givenIds[0] !== null && givenIds[0] === givenIds[1])) {
        throw new InvalidInputError([
          { path: ['brandIds'], code: 'NOT_ALLOWED', reason: 'must be two different ones' },
        ]);
      }
      const [one, other] = await brands.byIds(
        viewer,
        givenIds.filter((id) => id !== null),
      );
      if (!one || !other) throw new NotFoundError('Brand');
      mustAdminister(viewer);
      const [actor] = await db.query<{ role: Role }>(ROLE, [viewer.id]);
      if (actor === undefined || !canCreateMatch(actor)) throw new ForbiddenError('Only administrators make matches');
      const key = matchKey(one.id, other.id);
      return findOrMake(db, key, async () => {
        const { chat, memberIds } = await make(viewer, [one.id, other.id], key);
        ringUsers(bus, memberIds, [chat.id]);
        return chat;
      });
    },
  };
};
