/** Brands, and what they pay for. */
import type { BrandRow } from '../domain/chats/brands.js';
import { ForbiddenError, InvalidInputError, NotFoundError } from '../domain/errors.js';
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { successWithOpened } from './chat-success.js';
import { decodeRowId } from './global-id.js';
import { Plan } from './plan.js';
import { User } from './user.js';

export const Brand = builder.objectRef<BrandRow>('Brand');

builder.node(Brand, {
  description: "A company's profile, owned by one user. Matches are made between brands.",
  id: { resolve: (brand) => String(brand.id) },
  fields: (t) => ({
    name: t.exposeString('name', { description: 'What it is called.' }),
    plan: t.expose('plan', { type: Plan, description: 'What it pays for.' }),
    owner: t.expose('owner', { type: User, description: 'Who is in its matches; a user owns at most one brand.' }),
  }),
});

builder.objectFields(User, (t) => ({
  brand: t.field({
    type: Brand,
    nullable: true,
    description:
      'The one that they own; null where there is none, or where the viewer is neither its owner, nor a member of a match with it, ' +
      'nor an administrator.',
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
    fields: (t) => ({ brand: t.expose('brand', { type: Brand, description: 'As it is with that.' }) }),
  });

builder.mutationField('createBrand', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Makes a brand. For administrators.',
    type: successWithBrand('CreateBrandSuccess', 'The brand was made.'),
    nullable: true,
    argOptions: { description: 'The brand to make.' },
    typeOptions: { description: 'A new brand.' },
    input: {
      ownerId: t.input.id({ description: 'An active user who owns none yet.' }),
      name: t.input.string({ description: '1 to 100 Unicode code points, white space around it not counted.' }),
      plan: t.input.field({ type: Plan, required: false, defaultValue: 'FREE', description: 'What it pays for.' }),
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
      "Sets what a brand pays for. For administrators, whose right to write in the brand's chats goes by it at once: each of " +
      'them gets a ChatUpdated.',
    type: successWithBrand('SetBrandPlanSuccess', 'The brand has this plan, or had it already.'),
    nullable: true,
    argOptions: { description: 'Which brand, and its plan.' },
    typeOptions: { description: 'Which brand, and its plan.' },
    input: {
      brandId: t.input.id({ description: 'The brand.' }),
      plan: t.input.field({ type: Plan, description: 'What it pays for.' }),
    },
    errors: { types: [NotFoundError, ForbiddenError] },
    resolve: async (_root, { input: { brandId, plan } }, { viewer, services }) => ({
      brand: await services.brands.setPlan(viewer, decodeRowId('Brand', brandId), plan),
    }),
  }),
);

builder.mutationField('createMatch', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: 'Opens the chat of two brands, or finds it: there is one for each pair. For administrators.',
    type: successWithOpened(
      'CreateMatchSuccess',
      'The chat of the match is there; the owners of both brands are its members.',
    ),
    nullable: true,
    argOptions: { description: 'Which brands.' },
    typeOptions: { description: 'Two brands that were matched.' },
    input: { brandIds: t.input.idList({ description: 'Exactly two different ones.' }) },
    errors: { types: [NotFoundError, ForbiddenError, InvalidInputError] },
    resolve: (_root, { input }, { viewer, services }) =>
      services.matches.create(
        viewer,
        input.brandIds.map((id) => decodeRowId('Brand', id)),
      ),
  }),
);
