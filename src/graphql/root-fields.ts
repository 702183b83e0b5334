/** For every root field: fresh loaders per mutation, the cost of a subscription, a log line for a refusal. */
import SchemaBuilder, {
  BasePlugin,
  type PothosOutputFieldConfig,
  type SchemaTypes as AnySchemaTypes,
} from '@pothos/core';
import { complexityFromQuery } from '@pothos/plugin-complexity';
import { GraphQLError, Kind, type DocumentNode, type GraphQLFieldResolver, type GraphQLResolveInfo } from 'graphql';
import { UnavailableError } from '../db/database.js';
import { BadUserInputError } from '../domain/bad-user-input.js';
import { DomainError } from '../domain/errors.js';
import { audit } from './audit.js';
import { isTooComplex, tooComplex } from './complexity.js';
import type { Context } from './context.js';
import { Loaders } from './loaders.js';

declare global {
  // How Pothos learns of a plugin's type.
  // eslint-disable-next-line @typescript-eslint/no-namespace
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends AnySchemaTypes> {
      rootFields: RootFieldsPlugin<Types>;
    }
  }
}

type FieldConfig<Types extends AnySchemaTypes> = PothosOutputFieldConfig<Types>;
type Resolve<Types extends AnySchemaTypes> = GraphQLFieldResolver<unknown, Types['Context'], object>;

export class RootFieldsPlugin<Types extends AnySchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(resolve: Resolve<Types>, field: FieldConfig<Types>): Resolve<Types> {
    if (field.kind === 'Mutation') return mutating(resolve, field.name);
    return resolve;
  }

  /** Called for every field; undefined if there is nothing to subscribe to. */
  override wrapSubscribe(subscribe: Resolve<Types> | undefined): Resolve<Types> | undefined {
    if (subscribe === undefined) return undefined;
    return (root, args, ctx, info) => {
      // Checking when the events' fields are resolved is too late: by then the subscription is open.
      const complexity = complexityOf(info, ctx);
      if (isTooComplex(complexity)) throw tooComplex(complexity);
      return subscribe(root, args, ctx, info);
    };
  }
}

/** Mutations of one operation run in sequence, and each changes what the next reads. */
const mutating =
  <Types extends AnySchemaTypes>(resolve: Resolve<Types>, name: string): Resolve<Types> =>
  async (root, args, context, info) => {
    const ctx = context as Context;
    ctx.loaders = new Loaders(ctx.services, () => ctx.viewer);
    try {
      const result = await resolve(root, args, context, info);
      ctx.services.mutations.add(`${name} success`);
      audit(ctx, name, 'success', args, result);
      return result;
    } catch (error) {
      const outcome = outcomeOf(error);
      ctx.services.mutations.add(`${name} ${outcome}`);
      const isAudited = outcome !== 'refused' && audit(ctx, name, outcome, args, error);
      if (error instanceof DomainError && !isAudited) ctx.logger.info({ mutation: name, outcome }, 'Refused');
      throw error;
    }
  };

/** A domain error's class name, `unavailable`, `refused` or `fault`: a small, fixed set. */
const outcomeOf = (error: unknown): string => {
  if (error instanceof DomainError) return error.constructor.name;
  if (error instanceof UnavailableError) return 'unavailable';
  if (error instanceof BadUserInputError || error instanceof GraphQLError) return 'refused';
  return 'fault';
};

const complexityOf = (info: GraphQLResolveInfo, ctx: object): number => {
  const document: DocumentNode = {
    kind: Kind.DOCUMENT,
    definitions: [info.operation, ...Object.values(info.fragments)],
  };
  return complexityFromQuery(document, { schema: info.schema, ctx, variables: info.variableValues }).complexity;
};

SchemaBuilder.registerPlugin('rootFields', RootFieldsPlugin);
