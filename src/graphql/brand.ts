/** Brands and their plans. */
import type { BrandRow } from '../domain/chats/brands.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import { builder } from './builder.js';
import { nodeId } from './node-id.js';
import { Chat } from './chat.js';
import { successWithOpened } from './chat-success.js';
import { decodeRowId } from './global-id.js';
import { Plan } from './plan.js';
import { User } from './user.js';

export const Brand = builder.objectRef<BrandRow>('Brand');

Brand.implement({
  description: "A company's profile, owned by one user. Matches are made between brands.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Brand', ({ id }) => String(id))),
    name: t.exposeString('name', { description: 'Its name.' }),
    plan: t.expose('plan', { type: Plan, description: 'Its plan.' }),
    owner: t.expose('owner', {
      type: User,
      description: 'The user who is a member of its matches. A user owns at most one brand.',
    }),
  }),
});

builder.objectFields(User, (t) => ({
  brand: t.field({
    type: Brand,
    nullable: true,
    description:
      'The brand they own. Null if there is none, or if the viewer is neither its owner, nor a member of a match with it, nor an ' +
      'administrator.',
    resolve: (user, _args, { loaders, viewer }) => (viewer === null ? null : loaders.brandOf(user.id)),
  }),
}));

builder.objectFields(Chat, (t) => ({
  brands: t.field({
    type: [Brand],
    description: 'The two brands of a MATCH; empty otherwise.',
    resolve: (chat, _args, { loaders }) => (chat.kind === 'MATCH' ? loaders.brands(chat.id) : []),
  }),
  hasBusiness: t.exposeBoolean('hasBusiness', { description: 'Whether a brand in this chat has the BUSINESS plan.' }),
}));

const successWithBrand = (name: string, description: string) =>
  builder.objectRef<{ brand: BrandRow }>(name).implement({
    description,
    fields: (t) => ({ brand: t.expose('brand', { type: Brand, description: 'The brand after this change.' }) }),
  });

builder.mutationField('createBrand', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Creates a brand. For administrators.',
    type: successWithBrand('CreateBrandSuccess', 'The brand was created.'),
    nullable: true,
    argOptions: { description: 'The brand to create.' },
    typeOptions: { description: 'A new brand.' },
    input: {
      ownerId: t.input.id({ description: 'An active user who owns no brand yet.' }),
      name: t.input.string({
        description: '1 to 100 Unicode code points, not counting leading and trailing white space.',
      }),
      plan: t.input.field({ type: Plan, required: false, defaultValue: 'FREE', description: 'Its plan.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: async (_root, { input: { ownerId, name, plan } }, { viewer, services }) => ({
      brand: await services.brands.create(viewer, {
        ownerId: decodeRowId('User', ownerId),
        name,
        plan: plan ?? 'FREE',
      }),
    }),
  }),
);

builder.mutationField('setBrandPlan', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      "Sets a brand's plan. For administrators, whose right to write in the brand's chats changes at once: each of these chats gets " +
      'a ChatUpdated.',
    type: successWithBrand('SetBrandPlanSuccess', 'The brand has this plan, or had it already.'),
    nullable: true,
    argOptions: { description: 'The brand and its new plan.' },
    typeOptions: { description: 'The brand and its new plan.' },
    input: {
      brandId: t.input.id({ description: 'The brand.' }),
      plan: t.input.field({ type: Plan, description: 'Its new plan.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input: { brandId, plan } }, { viewer, services }) => ({
      brand: await services.brands.setPlan(viewer, decodeRowId('Brand', brandId), plan),
    }),
  }),
);

builder.mutationField('createMatch', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Creates the chat of two brands, or returns the existing one: there is one per pair. For administrators.',
    type: successWithOpened(
      'CreateMatchSuccess',
      'The chat of the match exists; the owners of both brands are its members.',
    ),
    nullable: true,
    argOptions: { description: 'The two brands to match.' },
    typeOptions: { description: 'The two brands to match.' },
    input: { brandIds: t.input.idList({ description: 'The ids of exactly two different brands.' }) },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.matches.create(
        viewer,
        input.brandIds.map((id) => decodeRowId('Brand', id)),
      ),
  }),
);
