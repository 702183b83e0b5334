/** Relay's `node` and `nodes`: any object by its id; null if it does not exist or the viewer may not see it. */
import { brandWithType } from '@pothos/core';
import { BadUserInputError } from '../domain/bad-user-input.js';
import { auditRead } from './audit.js';
import { builder } from './builder.js';
import type { SchemaTypes } from './schema-types.js';
import type { Context } from './context.js';
import { decodeGlobalId, decodeMemberId, decodeMessageId, decodeNotificationId, decodeRowId } from './global-id.js';

type OutputTypeName = Parameters<typeof brandWithType<PothosSchemaTypes.ExtendDefaultTypes<SchemaTypes>>>[1];

const MAX_NODES = 100;

type Find = (id: string, ctx: Context) => Promise<object | null | undefined> | null;

const finders: Record<string, Find> = {
  User: (id, { loaders }) => through(decodeRowId('User', id), (key) => loaders.user(key)),
  Chat: (id, { loaders }) => through(decodeRowId('Chat', id), (key) => loaders.visibleChat(key)),
  Brand: (id, { loaders }) => through(decodeRowId('Brand', id), (key) => loaders.brand(key)),
  ApiToken: (id, { loaders }) => through(decodeRowId('ApiToken', id), (key) => loaders.apiToken(key)),
  Invite: (id, { loaders }) => through(decodeRowId('Invite', id), (key) => loaders.invite(key)),
  Attachment: (id, { loaders }) => through(decodeRowId('Attachment', id), (key) => loaders.attachment(key)),
  ChatMember: (id, { loaders }) => through(decodeMemberId(id), (key) => loaders.member(key)),
  Message: (id, { loaders }) => through(decodeMessageId(id), (key) => loaders.message(key)),
  Relation: (id, { loaders }) => through(decodeRowId('Relation', id), (key) => loaders.relation(key)),
  Report: (id, ctx) => through(decodeRowId('Report', id), (key) => readReport(key, ctx)),
  Notification: (id, { loaders, viewer }) =>
    through(decodeNotificationId(id, viewer!.id), (key) => loaders.notification(key)),
};

/** An administrator's reading is in the audit log, as that of a list is. */
const readReport = async (id: bigint, ctx: Context) => {
  const report = await ctx.loaders.report(id);
  if (report !== null) auditRead(ctx, 'reports', { reportIds: [id] });
  return report;
};

const through = <Key, Row>(key: Key | null, load: (key: Key) => Promise<Row>): Promise<Row> | null =>
  key === null ? null : load(key);

const findNode = async (id: string, ctx: Context): Promise<object | null> => {
  const type = decodeGlobalId(id)?.type ?? '';
  const find = Object.hasOwn(finders, type) ? finders[type] : undefined;
  const row = await find?.(id, ctx);
  if (row === null || row === undefined) return null;
  // A copy: branding cannot be undone, and the row may be shared.
  const node = { ...row };
  brandWithType(node, type as OutputTypeName);
  return node;
};

builder.queryField('node', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'The object with this id; null if it does not exist or the viewer may not see it.',
    type: builder.nodeInterfaceRef(),
    nullable: true,
    args: { id: t.arg.id({ description: 'The id of an object of any type that implements Node.' }) },
    resolve: (_root, { id }, ctx) => findNode(id, ctx),
  }),
);

builder.queryField('nodes', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'Like `node`, for up to 100 ids at once, in input order.',
    type: [builder.nodeInterfaceRef()],
    nullable: { list: true, items: true },
    args: { ids: t.arg.idList({ description: 'At most 100.' }) },
    resolve: (_root, { ids }, ctx) => {
      if (ids.length > MAX_NODES) throw new BadUserInputError(`ids must be at most ${MAX_NODES}`);
      return Promise.all(ids.map((id) => findNode(id, ctx)));
    },
  }),
);
