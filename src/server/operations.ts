/** Runs operations from sockets through the same engine as those over HTTP. */
import {
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import type { Caller } from './caller.js';
import { maskError } from './faults.js';
import type { PersistedQueries } from './persisted-queries.js';
import type { Exchange } from './exchange.js';
import type { Engine } from './yoga.js';

export interface OperationParams {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
  extensions?: Record<string, unknown> | null | undefined;
}

type Results = ExecutionResult | AsyncIterable<ExecutionResult>;
type Run = (args: ExecutionArgs) => Results | Promise<Results>;

/** What the engine provides for one operation, with graphql's types, which its own types lack. */
interface Enveloped {
  schema: GraphQLSchema;
  parse(query: string): DocumentNode;
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[];
  contextFactory(): object | Promise<object>;
  execute: Run;
  subscribe: Run;
}

export interface Operations {
  /**
   * Parses, validates and authenticates. Never throws, because a throw would close the whole socket.
   *
   * @returns the arguments for `run`, or the errors
   */
  prepare(caller: Caller, params: OperationParams): Promise<ExecutionArgs | readonly GraphQLError[]>;
  run(args: ExecutionArgs): Promise<Results>;
}

export const createOperations = (engine: Engine, persistedQueries: PersistedQueries): Operations => {
  const runs = new WeakMap<object, Run>();

  const prepare = async (caller: Caller, sent: OperationParams) => {
    const params = persistedQueries.resolve(sent);
    const exchange: Exchange = { caller };
    const enveloped = engine.getEnveloped({ exchange, params }) as unknown as Enveloped;
    const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped;
    const document = parse(params.query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const operation = getOperationAST(document, params.operationName);
    if (!operation) return [new GraphQLError('There is no such operation in the document')];
    const contextValue = await contextFactory();
    runs.set(contextValue, operation.operation === OperationTypeNode.SUBSCRIPTION ? subscribe : execute);
    return {
      schema,
      document,
      operationName: params.operationName ?? null,
      variableValues: params.variables ?? null,
      contextValue,
    };
  };

  return {
    prepare: async (caller, params) => {
      try {
        return await prepare(caller, params);
      } catch (error) {
        return [asRefusal(error)];
      }
    },
    run: async (args) => {
      try {
        return await runs.get(args.contextValue as object)!(args);
      } catch (error) {
        return { errors: [maskError(error)] };
      }
    },
  };
};

const asRefusal = (error: unknown): GraphQLError => {
  const masked = maskError(error);
  // As Yoga does over HTTP.
  if (masked.extensions.code === undefined) masked.extensions.code = 'GRAPHQL_PARSE_FAILED';
  return masked;
};
