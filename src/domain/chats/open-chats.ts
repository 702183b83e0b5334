/** Open groups, as everybody finds them. */
import type { Queryable } from '../../db/database.js';
import { CHAT_COLUMNS, type ChatRow } from '../../log/event.js';
import { createKeyset, pageSql, parsePage, toConnection, type Connection, type PageArgs } from '../page.js';
import { IS_OPEN } from '../rules/right-sql.js';
import { CAN_SEE, CHAT_AND_OWN, viewerParams } from '../rules/visibility.js';
import type { Viewer } from '../viewer.js';
import { chatSearchOf } from './chat-search.js';
import { bare } from './event-chats.js';

export interface OpenChats {
  /**
   * OPEN groups that are not closed, by name; of those that the viewer does not see, only the name and the access are read here.
   *
   * @param search each of its words must be found in the name
   * @throws BadUserInputError for a malformed page or search
   */
  listOpen(viewer: Viewer, search: string | null | undefined, page?: PageArgs): Promise<Connection<ChatRow>>;
}

const byName = createKeyset('openChats', 'ascending', [
  ['chat.name_key', 'text'],
  ['chat.id', 'bigint'],
]);

export const createOpenChats = (db: Queryable): OpenChats => ({
  listOpen: async (viewer, search, args = {}) => {
    const page = parsePage(byName, args);
    const { where, orderBy, limit, params } = pageSql(byName, page, 4);
    const rows = await db.query<ChatRow & { key: string; isSeen: boolean }>(
      `SELECT ${CHAT_COLUMNS}, chat.name_key AS key, ${CAN_SEE} AS "isSeen" FROM ${CHAT_AND_OWN}
       WHERE ${IS_OPEN} AND chat.closed_at IS NULL AND chat.name_key LIKE ALL ($3::text[]) AND ${where}
       ORDER BY ${orderBy} LIMIT ${limit}`,
      [...viewerParams(viewer), chatSearchOf(search), ...params],
    );
    const { edges, pageInfo } = toConnection(rows, page, ({ key, id }) => byName.cursorOf([key, id]));
    return {
      edges: edges.map(({ cursor, node: { key: _key, isSeen, ...chat } }) => ({
        cursor,
        node: isSeen ? chat : { ...bare(chat), name: chat.name, access: chat.access },
      })),
      pageInfo,
    };
  },
});
