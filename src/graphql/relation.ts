/** Managers and their clients. */
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import type { RelationRow } from '../domain/chats/relation-reads.js';
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { decodeRowId, encodeGlobalId } from './global-id.js';
import { pageArgs } from './pages.js';
import { User } from './user.js';

export const Relation = builder.objectRef<RelationRow>('Relation');

builder.node(Relation, {
  description: 'A manager and a client, who have a chat of their own. Seen by both and by administrators.',
  id: { resolve: (relation) => String(relation.id) },
  fields: (t) => ({
    manager: t.field({
      type: User,
      description: 'A manager or an administrator. Stays the same.',
      resolve: async ({ managerId }, _args, { loaders }) => (await loaders.namedUser(managerId))!,
    }),
    client: t.field({
      type: User,
      description: 'Whom they look after.',
      resolve: async ({ clientId }, _args, { loaders }) => (await loaders.namedUser(clientId))!,
    }),
    chat: t.field({
      type: Chat,
      description: 'The chat of this pair: another client has another one.',
      resolve: ({ chatId }, _args, { loaders }) => loaders.chat(chatId),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
  }),
});

builder.objectFields(Chat, (t) => ({
  relation: t.field({
    type: Relation,
    nullable: true,
    description:
      'Null once the relation was deleted or has another client: its present client is no business of the former one.',
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
    description: 'Where the viewer is the manager or the client; for administrators all. Newest first.',
    type: RelationConnection,
    nullable: true,
    args: pageArgs,
    resolve: (_root, page, { viewer, services }) => services.relations.list(viewer!, page),
  }),
);

builder.queryField('relation', (t) =>
  t.withAuth({ signedIn: true }).field({
    description: 'One relation; null where there is none, or none that the viewer may see.',
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
    description: 'The relation is there, its chat open.',
    fields: (t) => ({
      relation: t.expose('relation', { type: Relation, description: 'The relation.' }),
      created: t.exposeBoolean('created', { description: 'False where it was there already.' }),
    }),
  });

builder.mutationField('createRelation', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Ties a client to a manager, who get a chat of their own, or the one that they had before. For managers, as the manager; ' +
      'administrators tie anyone.',
    type: CreateRelationSuccess,
    nullable: true,
    argOptions: { description: 'Who looks after whom.' },
    typeOptions: { description: 'Who looks after whom.' },
    input: {
      managerId: t.input.id({ description: 'A manager or an administrator.' }),
      clientId: t.input.id({ description: 'Another, active user.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.relations.create(viewer, decodeRowId('User', input.managerId), decodeRowId('User', input.clientId)),
  }),
);

const UpdateRelationSuccess = builder.objectRef<{ relation: RelationRow }>('UpdateRelationSuccess').implement({
  description: 'The relation has this client.',
  fields: (t) => ({
    relation: t.expose('relation', { type: Relation, description: 'As it is with that.' }),
  }),
});

builder.mutationField('updateRelation', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Gives a relation another client, and with them the chat of the new pair; the one until now is closed, and both keep reading it. ' +
      'For its manager and administrators.',
    type: UpdateRelationSuccess,
    nullable: true,
    argOptions: { description: 'Which relation, and its client.' },
    typeOptions: { description: 'Which relation, and its client. The manager cannot be changed.' },
    input: {
      relationId: t.input.id({ description: 'The relation.' }),
      clientId: t.input.id({ description: 'Another, active user, who has no relation with this manager yet.' }),
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
  description: 'The relation is gone, its chat closed.',
  fields: (t) => ({
    relationId: t.id({
      description: 'The relation that was deleted.',
      resolve: ({ relationId }) => encodeGlobalId('Relation', relationId),
    }),
  }),
});

builder.mutationField('deleteRelation', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Deletes a relation and closes its chat, which both keep reading. For its manager and administrators.',
    type: DeleteRelationSuccess,
    nullable: true,
    argOptions: { description: 'Which relation.' },
    typeOptions: { description: 'Which relation.' },
    input: { relationId: t.input.id({ description: 'The relation.' }) },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      relationId: await services.relations.delete(viewer, decodeRowId('Relation', input.relationId)),
    }),
  }),
);
