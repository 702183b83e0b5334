/**
 * Relations as a viewer sees them: those in which they are the manager or the client; administrators see all. One statement each;
 * `ofChat` for all that are asked for in one turn of the event loop.
 */
import type { Queryable } from '../../db/database.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import { ASKED, askedParams, gatherAsked } from '../rules/asked-chats.js';
import type { Viewer } from '../viewer.js';
import { viewerParams } from '../rules/visibility.js';

export interface RelationRow {
  id: bigint;
  managerId: bigint;
  clientId: bigint;
  /** The chat of this pair. */
  chatId: bigint;
  createdAt: Date;
}

export interface RelationReads {
  /** In the order of `ids`, null for relations that do not exist or are not visible. */
  byIds(viewer: Viewer, ids: readonly bigint[]): Promise<(RelationRow | null)[]>;
  /** @returns null if the chat's relation was deleted or has another client by now, or is not visible */
  ofChat(viewer: Viewer, chatId: bigint): Promise<RelationRow | null>;
  /** Newest first. @throws BadUserInputError for a malformed page */
  list(viewer: Viewer, page?: PageArgs): Promise<Connection<RelationRow>>;
}

export const RELATION_COLUMNS = `relation.id, relation.manager_id AS "managerId", relation.client_id AS "clientId",
  relation.chat_id AS "chatId", relation.created_at AS "createdAt"`;

const SEEN = `SELECT ${RELATION_COLUMNS} FROM relation
  WHERE ($2::boolean OR relation.manager_id = $1::bigint OR relation.client_id = $1)`;

const newest = createKeyset('relations', 'descending', [['relation.id', 'bigint']]);

const BY_IDS = `${SEEN} AND relation.id = ANY($3::bigint[])`;
const OF_CHATS = `SELECT asked.n::int AS n, ${RELATION_COLUMNS} FROM ${ASKED} JOIN relation ON relation.chat_id = asked.id
  WHERE asked.is_admin OR asked.viewer_id IN (relation.manager_id, relation.client_id)`;

export const createRelationReads = (db: Queryable): RelationReads => ({
  byIds: async (viewer, ids) => {
    const rows = await db.query<RelationRow>(BY_IDS, [...viewerParams(viewer), ids]);
    const found = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => found.get(id) ?? null);
  },

  ofChat: gatherAsked(async (asked) => {
    const rows = await db.query<RelationRow & { n: number }>(OF_CHATS, askedParams(asked));
    const found = new Map(rows.map(({ n, ...relation }) => [n, relation]));
    return asked.map((_one, index) => found.get(index + 1) ?? null);
  }),

  list: async (viewer, args = {}) => {
    const page = parsePage(newest, args);
    const { where, orderBy, limit, params } = pageSql(newest, page, 3);
    const sql = `${SEEN} AND ${where} ORDER BY ${orderBy} LIMIT ${limit}`;
    const rows = await db.query<RelationRow>(sql, [...viewerParams(viewer), ...params]);
    return toConnection(rows, page, (row) => newest.cursorOf([row.id]));
  },
});
