/**
 * Relations: a manager and a client, with a chat of their own. The chat belongs to the pair: a relation that gets another
 * client gets the chat of the new pair, and the old chat is closed, so that no client ever reads what another wrote.
 */
import type { Bus } from '../../bus/bus.js';
import { isUniqueViolation, type Database, type Queryable } from '../../db/database.js';
import type { UserFacts } from '../../log/event.js';
import type { ChatsTransaction, ChatTransaction } from '../../log/append.js';
import type { Log } from '../../log/log.js';
import { closeWithin, reopenWithin } from './closing.js';
import { ForbiddenError, InvalidInputError, NotFoundError, type InvalidFieldCode } from '../errors.js';
import { findByKey } from './find-or-make.js';
import { insertChat, KeyTakenError, relationKey } from './new-chat.js';
import { PERSON_COLUMNS, toUser, type PersonColumns } from '../person-row.js';
import { canBeManager, canChangeRelation } from '../rules/policy.js';
import { createRelationReads, RELATION_COLUMNS, type RelationReads, type RelationRow } from './relation-reads.js';
import { storeNotification, ringUsers } from '../user-bell.js';
import type { Viewer } from '../viewer.js';

/** Ids are null if the client's id did not decode. */
export interface Relations extends RelationReads {
  /**
   * Assigns a client to a manager and opens their chat, with its history if they had one. Idempotent.
   *
   * @throws InvalidInputError, NotFoundError if one is no active user, ForbiddenError
   */
  create(
    viewer: Viewer,
    managerId: bigint | null,
    clientId: bigint | null,
  ): Promise<{ relation: RelationRow; created: boolean }>;
  /**
   * Gives a relation another client, and with it another chat; the previous chat is closed. The same client changes nothing.
   *
   * @throws NotFoundError, ForbiddenError; InvalidInputError, also if that client has a relation with this manager already
   */
  update(viewer: Viewer, relationId: bigint | null, clientId: bigint | null): Promise<RelationRow>;
  /** Closes the chat, which both can still read. @returns the id. @throws NotFoundError, ForbiddenError */
  delete(viewer: Viewer, relationId: bigint | null): Promise<bigint>;
}

const PEOPLE = `SELECT ${PERSON_COLUMNS} FROM "user" person WHERE person.id = ANY($1::bigint[]) AND person.deactivated_at IS NULL`;
const ONE = `SELECT ${RELATION_COLUMNS} FROM relation WHERE manager_id = $1 AND client_id = $2`;
const INSERT = `INSERT INTO relation (manager_id, client_id, chat_id) VALUES ($1, $2, $3)
  ON CONFLICT (manager_id, client_id) DO NOTHING RETURNING ${RELATION_COLUMNS}`;
// Matches on the chat too: of two concurrent changes, the second finds that the relation moved.
const MOVE = `UPDATE relation SET client_id = $3, chat_id = $4 WHERE id = $1 AND chat_id = $2 RETURNING ${RELATION_COLUMNS}`;
const DELETE = `DELETE FROM relation WHERE id = $1 AND chat_id = $2 RETURNING id`;

/** Thrown to roll back the transaction: the relation has changed since this began. */
class RelationMovedError extends Error {}

export interface RelationsOptions {
  db: Database;
  log: Log;
  bus: Bus;
}

/** Changes lock chats first, in the order of their ids, then the relation. */
export const createRelations = ({ db, log, bus }: RelationsOptions): Relations => {
  const reads = createRelationReads(db);

  const mustSee = async (viewer: Viewer, relationId: bigint | null): Promise<RelationRow> => {
    const [relation] = relationId === null ? [] : await reads.byIds(viewer, [relationId]);
    if (!relation) throw new NotFoundError('Relation');
    return relation;
  };

  /** The pair's chat, within a change: reopened if it exists, otherwise created. */
  const openChat = async (
    tx: ChatsTransaction,
    existing: ChatTransaction | undefined,
    { actor, managerId, clientId }: Pair & { actor: UserFacts },
  ): Promise<bigint> => {
    const memberIds = [managerId, clientId];
    if (existing === undefined) {
      const keys = [relationKey(managerId, clientId)];
      return (await insertChat(tx, log, { kind: 'RELATION', keys, memberIds, actorId: actor.id })).id;
    }
    await reopenWithin(existing, actor);
    await storeNotification(tx, memberIds, 'RELATION_CREATED', existing.chat.id, actor.id);
    return existing.chat.id;
  };

  const ring = ({ managerId, clientId, chatId }: RelationRow) => ringUsers(bus, [managerId, clientId], [chatId]);

  return {
    ...reads,

    // Two statements if it exists. Otherwise one more, BEGIN, at most seven, COMMIT.
    create: async (viewer, managerId, clientId) => {
      if (managerId !== null && managerId === clientId) throw notOneself();
      const { actor, manager } = await readParties(db, viewer, { managerId, clientId });
      if (!canChangeRelation(actor, manager.id)) throw new ForbiddenError('Managers make relations of their own only');
      if (!canBeManager(manager)) throw invalid('managerId', 'NOT_ALLOWED', 'must be a manager or an administrator');
      const pair = { managerId: manager.id, clientId: clientId! };

      const [there] = await db.query<RelationRow>(ONE, [pair.managerId, pair.clientId]);
      if (there !== undefined) return { relation: there, created: false };
      return trying(async () => {
        const chat = await findByKey(db, relationKey(pair.managerId, pair.clientId));
        const made = await log.changeAll(chat === undefined ? [] : [chat.id], async (tx) => {
          if (chat !== undefined) {
            // Under the lock of the pair's chat, so it cannot change after this read.
            const [relation] = await tx.query<RelationRow>(ONE, [pair.managerId, pair.clientId]);
            if (relation !== undefined) return { relation, created: false };
          }
          const existing = chat && tx.chats.get(chat.id);
          const chatId = await openChat(tx, existing, { ...pair, actor });
          const [relation] = await tx.query<RelationRow>(INSERT, [pair.managerId, pair.clientId, chatId]);
          if (relation === undefined) throw new RelationMovedError();
          return { relation, created: true };
        });
        if (made.created) ring(made.relation);
        return made;
      });
    },

    // Three statements, one more for the chat, BEGIN, at most nine, COMMIT.
    update: (viewer, relationId, clientId) =>
      trying(async () => {
        const relation = await mustSee(viewer, relationId);
        const { managerId } = relation;
        if (clientId === managerId) throw notOneself();
        const { actor } = await readParties(db, viewer, { managerId, clientId }, { isManagerThere: true });
        if (!canChangeRelation(actor, managerId)) throw new ForbiddenError('This relation is not yours to change');
        if (clientId === relation.clientId) return relation;

        const pair = { managerId, clientId: clientId! };
        const next = await findByKey(db, relationKey(managerId, pair.clientId));
        const chatIds = next === undefined ? [relation.chatId] : [relation.chatId, next.id];
        const moved = await log
          .changeAll(chatIds, async (tx) => {
            const chatId = await openChat(tx, next && tx.chats.get(next.id), { ...pair, actor });
            const [row] = await tx.query<RelationRow>(MOVE, [relation.id, relation.chatId, pair.clientId, chatId]);
            if (row === undefined) throw new RelationMovedError();
            await closeWithin(tx.chats.get(relation.chatId)!, actor);
            return row;
          })
          .catch((error: unknown) => {
            if (isUniqueViolation(error))
              throw invalid('clientId', 'TAKEN', 'has a relation with this manager already');
            throw error;
          });
        ring(moved);
        return moved;
      }),

    // Two statements, BEGIN, four, COMMIT.
    delete: (viewer, relationId) =>
      trying(async () => {
        const relation = await mustSee(viewer, relationId);
        const [row] = await db.query<PersonColumns>(PEOPLE, [[viewer.id]]);
        const actor = row && toUser(row);
        if (actor === undefined || !canChangeRelation(actor, relation.managerId))
          throw new ForbiddenError('This relation is not yours to delete');
        await log.changeAll([relation.chatId], async (tx) => {
          const gone = await tx.query(DELETE, [relation.id, relation.chatId]);
          if (gone.length === 0) throw new RelationMovedError();
          await closeWithin(tx.chats.get(relation.chatId)!, actor);
        });
        return relation.id;
      }),
  };
};

interface Pair {
  managerId: bigint;
  clientId: bigint;
}

/** The viewer and the users concerned, as the database has them now. One statement. @throws NotFoundError if one is no active user */
const readParties = async (
  db: Queryable,
  viewer: Viewer,
  { managerId, clientId }: { managerId: bigint | null; clientId: bigint | null },
  { isManagerThere = false } = {},
): Promise<{ actor: UserFacts; manager: UserFacts }> => {
  const ids = [viewer.id, managerId, clientId].filter((id) => id !== null);
  const rows = await db.query<PersonColumns>(PEOPLE, [ids]);
  const people = new Map(rows.map((row) => [row.personId, toUser(row)]));
  const actor = people.get(viewer.id);
  const manager = managerId === null ? undefined : people.get(managerId);
  const client = clientId === null ? undefined : people.get(clientId);
  if (actor === undefined || client === undefined || (manager === undefined && !isManagerThere))
    throw new NotFoundError('User');
  return { actor, manager: manager! };
};

/** Retries if somebody else changed the same relation meanwhile. */
const trying = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof RelationMovedError) && !(error instanceof KeyTakenError)) throw error;
    }
  }
};

const invalid = (field: 'managerId' | 'clientId', code: InvalidFieldCode, reason: string) =>
  new InvalidInputError([{ path: [field], code, reason }]);

const notOneself = () => invalid('clientId', 'NOT_ALLOWED', 'must be somebody else than the manager');
