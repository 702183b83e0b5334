/** Managers and their clients. */
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { RelationRow } from '../domain/chats/relation-reads.js';
import { builder } from './builder.js';
import { nodeId } from './node-id.js';
import { Chat } from './chat.js';
import { decodeRowId, encodeGlobalId } from './global-id.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

export const Relation = builder.objectRef<RelationRow>('Relation');

Relation.implement({
  description: 'A manager and a client, with a chat of their own. Visible to both and to administrators.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Relation', ({ id }) => String(id))),
    manager: t.field({
      type: User,
      description: 'A manager or an administrator. Never changes.',
      resolve: ({ managerId }, _args, { loaders }) => loaders.named(managerId),
    }),
    client: t.field({
      type: User,
      description: 'The user they look after.',
      resolve: ({ clientId }, _args, { loaders }) => loaders.named(clientId),
    }),
    chat: t.field({
      type: Chat,
      description: 'The chat of this pair: another client means another chat.',
      resolve: ({ chatId }, _args, { loaders }) => loaders.chat(chatId),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
});

builder.objectFields(Chat, (t) => ({
  relation: t.field({
    type: Relation,
    nullable: true,
    description:
      'The relation of a RELATION chat. Null once it was deleted or given another client, whom the former client must not see.',
    resolve: (chat, _args, { loaders }) => (chat.kind === 'RELATION' ? loaders.relationOf(chat.id) : null),
  }),
}));

const RelationEdge = builder.edgeObject({ type: Relation, name: 'RelationEdge', description: 'A relation on a page.' });
const RelationConnection = builder.connectionObject(
  { type: Relation, name: 'RelationConnection', description: 'A page of relations.' },
  RelationEdge,
);

builder.queryField('relations', (t) =>
  t.field({
    authScopes: { signedIn: true },
    description:
      'Relations in which the viewer is the manager or the client; for administrators, all relations. Newest first.',
    type: RelationConnection,
    nullable: true,
    args: pageArgs,
    resolve: (_root, page, { viewer, services }) => services.relations.list(viewer!, page),
  }),
);

builder.queryField('relation', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'One relation; null if it does not exist or the viewer may not see it.',
    type: Relation,
    nullable: true,
    args: { id: t.arg.id({ description: "The relation's id." }) },
    resolve: (_root, { id }, { loaders }) => {
      const relationId = decodeRowId('Relation', id);
      return relationId === null ? null : loaders.relation(relationId);
    },
  }),
);

const CreateRelationSuccess = builder
  .objectRef<{ relation: RelationRow; created: boolean }>('CreateRelationSuccess')
  .implement({
    description: 'The relation exists and its chat is open.',
    fields: (t) => ({
      relation: t.expose('relation', { type: Relation, description: 'The relation.' }),
      created: t.exposeBoolean('created', { description: 'False if it already existed.' }),
    }),
  });

builder.mutationField('createRelation', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Assigns a client to a manager and opens a chat for the two, or reopens the one they had before. Managers may do this for ' +
      'themselves, administrators for anyone.',
    type: CreateRelationSuccess,
    nullable: true,
    argOptions: { description: 'The manager and the client.' },
    typeOptions: { description: 'The manager and the client.' },
    input: {
      managerId: t.input.id({ description: 'A manager or an administrator.' }),
      clientId: t.input.id({ description: 'An active user other than the manager.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.relations.create(viewer, decodeRowId('User', input.managerId), decodeRowId('User', input.clientId)),
  }),
);

const UpdateRelationSuccess = builder.objectRef<{ relation: RelationRow }>('UpdateRelationSuccess').implement({
  description: 'The relation has this client.',
  fields: (t) => ({
    relation: t.expose('relation', { type: Relation, description: 'The relation after this change.' }),
  }),
});

builder.mutationField('updateRelation', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Gives a relation another client, and with that the chat of the new pair. The previous chat is closed, and both its members can ' +
      'still read it. For the manager of the relation and administrators.',
    type: UpdateRelationSuccess,
    nullable: true,
    argOptions: { description: 'The relation and its new client.' },
    typeOptions: { description: 'The relation and its new client. The manager cannot be changed.' },
    input: {
      relationId: t.input.id({ description: 'The relation.' }),
      clientId: t.input.id({
        description: 'An active user other than the manager, without a relation to this manager yet.',
      }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      relation: await services.relations.update(
        viewer,
        decodeRowId('Relation', input.relationId),
        decodeRowId('User', input.clientId),
      ),
    }),
  }),
);

const DeleteRelationSuccess = builder.objectRef<{ relationId: bigint }>('DeleteRelationSuccess').implement({
  description: 'The relation is deleted and its chat closed.',
  fields: (t) => ({
    relationId: t.id({
      description: 'The relation that was deleted.',
      resolve: ({ relationId }) => encodeGlobalId('Relation', relationId),
    }),
  }),
});

builder.mutationField('deleteRelation', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Deletes a relation and closes its chat, which both can still read. For its manager and administrators.',
    type: DeleteRelationSuccess,
    nullable: true,
    argOptions: { description: 'The relation to delete.' },
    typeOptions: { description: 'The relation to delete.' },
    input: { relationId: t.input.id({ description: 'The relation.' }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      relationId: await services.relations.delete(viewer, decodeRowId('Relation', input.relationId)),
    }),
  }),
);
