/** Runs operations, each prepared once for all of its runs. What is refused before it runs is refused by the engine (`yoga.ts`). */
import {
  createSourceEventStream,
  GraphQLError,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import type { Context } from '../graphql/context.js';
import type { EventSource } from '../graphql/event-source.js';
import type { Logger } from '../log-line.js';
import { authenticate, requestOf } from './admission.js';
import { ownerOf, type Caller } from './caller.js';
import { executePrepared } from './compiled-queries.js';
import type { DocumentCache } from './document-cache.js';
import type { Exchange } from './exchange.js';
import { maskError } from './faults.js';
import type { OperationTimes } from './operation-times.js';
import type { PersistedQueries } from './persisted-queries.js';
import type { PreparedOperation, PreparedOperations } from './prepared-operations.js';
import type { Api, Engine } from './yoga.js';

export interface OperationParams {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
  extensions?: Record<string, unknown> | null | undefined;
}

/** An operation of one caller, who may run it. */
export interface Operation extends ExecutionArgs {
  prepared: PreparedOperation;
  caller: Caller;
  /** A `performance.now()` time. */
  beganAt: number;
}

export interface Operations {
  /**
   * Parses, validates and authenticates. Never throws, because a throw would close the whole socket.
   *
   * @returns what `run` and `subscribe` take, or the errors
   */
  prepare(caller: Caller, params: OperationParams): Promise<Operation | readonly GraphQLError[]>;
  /** A query or a mutation. Its errors are masked. */
  run(operation: Operation): ExecutionResult | Promise<ExecutionResult>;
  /** @returns the source of a subscription, or why there is none */
  subscribe(operation: Operation): Promise<EventSource<unknown> | ExecutionResult>;
}

export interface OperationsOptions {
  api: Api;
  engine: Engine;
  documents: DocumentCache;
  operations: PreparedOperations;
  persistedQueries: PersistedQueries;
  times: OperationTimes;
  logger: Logger;
}

export const createOperations = ({
  api,
  engine,
  documents,
  operations,
  persistedQueries,
  times,
  logger,
}: OperationsOptions): Operations => {
  const findOrPrepare = (caller: Caller, params: OperationParams): PreparedOperation | readonly GraphQLError[] => {
    const cached = documents.get(params.query);
    const known = cached && operations.find(cached, params.operationName);
    if (known) return known;
    const { schema, parse, validate } = envelopedBy(engine, { caller }, params);
    const document = parse(params.query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    operations.prepare(document);
    return (
      operations.find(document, params.operationName) ?? [
        new GraphQLError('There is no such operation in the document'),
      ]
    );
  };

  const prepare = async (caller: Caller, sent: OperationParams): Promise<Operation | readonly GraphQLError[]> => {
    const beganAt = performance.now();
    const params = persistedQueries.resolve(sent);
    const prepared = findOrPrepare(caller, params);
    if (!('document' in prepared)) return prepared;
    await authenticate(caller, prepared.needsNoCredential);
    persistedQueries.keep(params, ownerOf(caller));
    return {
      schema: api.schema,
      document: prepared.document,
      operationName: params.operationName ?? null,
      variableValues: params.variables ?? null,
      contextValue: api.createContext(requestOf(caller, logger)),
      prepared,
      caller,
      beganAt,
    };
  };

  const observe = ({ prepared, caller, contextValue, beganAt }: Operation) =>
    times.observe(prepared, { beganAt, transport: caller.transport, logger: (contextValue as Context).logger });

  const finish = (operation: Operation, result: ExecutionResult): ExecutionResult => {
    observe(operation);
    return result.errors === undefined ? result : { ...result, errors: result.errors.map(maskError) };
  };

  return {
    prepare: async (caller, params) => {
      try {
        return await prepare(caller, params);
      } catch (error) {
        return [asRefusal(error)];
      }
    },
    run: (operation) => {
      const errors = api.variableErrors(operation);
      if (errors.length > 0) return finish(operation, { errors });
      const result = executePrepared(operation.prepared, operation);
      return result instanceof Promise ? result.then((told) => finish(operation, told)) : finish(operation, result);
    },
    subscribe: async (operation) => {
      const errors = api.variableErrors(operation);
      if (errors.length > 0) return finish(operation, { errors });
      const source = await createSourceEventStream(operation);
      if (!(Symbol.asyncIterator in source)) return finish(operation, source);
      observe(operation);
      return source as EventSource<unknown>;
    },
  };
};

/** What the engine provides for one operation, with graphql's types, which its own types lack. */
interface Enveloped {
  schema: GraphQLSchema;
  parse(query: string): DocumentNode;
  validate(schema: GraphQLSchema, document: DocumentNode): readonly GraphQLError[];
}

const envelopedBy = (engine: Engine, exchange: Exchange, params: OperationParams): Enveloped =>
  engine.getEnveloped({ exchange, params });

const asRefusal = (error: unknown): GraphQLError => {
  const masked = maskError(error);
  // As Yoga does over HTTP.
  if (masked.extensions.code === undefined) masked.extensions.code = 'GRAPHQL_PARSE_FAILED';
  return masked;
};
