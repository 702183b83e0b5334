/** Relations as a viewer sees them: those in which they are the manager or the client; administrators see all. One statement each. */
import type { Queryable } from '../../db/database.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
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
  /** In the order of `chatIds`, null if the chat's relation was deleted or has another client by now, or is not visible. */
  byChats(viewer: Viewer, chatIds: readonly bigint[]): Promise<(RelationRow | null)[]>;
  /** Newest first. @throws BadUserInputError for a malformed page */
  list(viewer: Viewer, page?: PageArgs): Promise<Connection<RelationRow>>;
}

export const RELATION_COLUMNS = `relation.id, relation.manager_id AS "managerId", relation.client_id AS "clientId",
  relation.chat_id AS "chatId", relation.created_at AS "createdAt"`;

const SEEN = `SELECT ${RELATION_COLUMNS} FROM relation
  WHERE ($2::boolean OR relation.manager_id = $1::bigint OR relation.client_id = $1)`;

const newest = createKeyset('relations', 'descending', [['relation.id', 'bigint']]);

export const createRelationReads = (db: Queryable): RelationReads => {
  const readBy =
    (column: 'id' | 'chat_id', keyOf: (row: RelationRow) => bigint) =>
    async (viewer: Viewer, keys: readonly bigint[]) => {
      const sql = `${SEEN} AND relation.${column} = ANY($3::bigint[])`;
      const rows = await db.query<RelationRow>(sql, [...viewerParams(viewer), keys]);
      const found = new Map(rows.map((row) => [keyOf(row), row]));
      return keys.map((key) => found.get(key) ?? null);
    };

  return {
    byIds: readBy('id', (row) => row.id),
    byChats: readBy('chat_id', (row) => row.chatId),
    list: async (viewer, args = {}) => {
      const page = parsePage(newest, args);
      const { where, orderBy, limit, params } = pageSql(newest, page, 4);
      const sql = `${SEEN} AND ${where} ORDER BY ${orderBy} LIMIT $3`;
      const rows = await db.query<RelationRow>(sql, [...viewerParams(viewer), limit, ...params]);
      return toConnection(rows, page, (row) => newest.cursorOf([row.id]));
    },
  };
};
