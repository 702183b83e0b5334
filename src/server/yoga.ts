/** GraphQL Yoga: answers HTTP, and checks documents on both transports with one set of limits. */
import {
  createSourceEventStream,
  execute,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
} from 'graphql';
import { createYoga, type Plugin, type FetchAPI, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from '../log-line.js';
import type { Context, Request } from '../graphql/context.js';
import type { EventSource } from '../graphql/event-source.js';
import { needsNoCredential } from '../graphql/public-operations.js';
import { authenticate, requestOf } from './admission.js';
import { ownerOf } from './caller.js';
import type { DocumentCache } from './document-cache.js';
import { acceptsEvents } from './event-stream.js';
import type { ServerContext } from './exchange.js';
import { finishResult, maskError } from './faults.js';
import type { OperationTimes } from './operation-times.js';
import type { PersistedQueries } from './persisted-queries.js';
import type { PreparedOperations } from './prepared-operations.js';

/** The schema, with its limits and context. */
export interface Api {
  schema: GraphQLSchema;
  /** The limits, which apply on every transport. */
  plugins: readonly object[];
  /** What is wrong with the variables; none if execution will accept them. */
  variableErrors(args: ExecutionArgs): GraphQLError[];
  /** For one operation, after authentication. */
  createContext(request: Request): object;
}

export type Engine = YogaServerInstance<ServerContext, object>;

/** Does not cache errors: each holds its whole document, and is cheap to find again. */
const NO_ERRORS = { get: () => undefined, set: () => undefined };

export interface EngineOptions {
  api: Api;
  documents: DocumentCache;
  operations: PreparedOperations;
  persistedQueries: PersistedQueries;
  times: OperationTimes;
  logger: Logger;
}

export const createEngine = ({
  api,
  documents,
  operations,
  persistedQueries,
  times,
  logger,
}: EngineOptions): Engine => {
  const context = async ({ exchange, params }: ServerContext & { params?: { operationName?: string | null } }) => {
    const { caller, document } = exchange;
    await authenticate(caller, document !== undefined && needsNoCredential(document, params?.operationName));
    if (params !== undefined) persistedQueries.keep(params, ownerOf(caller));
    return api.createContext(requestOf(caller, logger));
  };

  const resolvePersisted: Plugin<ServerContext> = {
    onParams: ({ params, setParams }) => setParams(persistedQueries.resolve(params)),
  };

  const rememberDocument: Plugin<ServerContext> = {
    onParse: ({ context: given }) => {
      const { exchange } = given as unknown as ServerContext;
      exchange.beganAt = performance.now();
      return ({ result }) => {
        if (!(result instanceof Error)) exchange.document = result as DocumentNode;
      };
    },
  };

  const observe = ({ document, operationName, contextValue }: ExecutionArgs) => {
    const { exchange, logger: own } = contextValue as Context & ServerContext;
    const { beganAt = performance.now(), caller } = exchange;
    if (operations.find(document, operationName) === undefined) operations.prepare(document);
    const operation = operations.find(document, operationName);
    if (operation) times.observe(operation, { beganAt, transport: caller.transport, logger: own });
  };

  /** graphql-js executes on every transport. A subscription is left to `live-results.ts`: nobody iterates over its source. */
  const running: Plugin<ServerContext> = {
    onExecute: ({ args, setExecuteFn }) => {
      setExecuteFn(execute as never);
      return { onExecuteDone: () => observe(args) };
    },
    onSubscribe: ({ setSubscribeFn }) => {
      setSubscribeFn((async (args: ExecutionArgs) => {
        const source = await createSourceEventStream(args);
        observe(args);
        const { exchange } = args.contextValue as ServerContext;
        if (Symbol.asyncIterator in source) exchange.live = { source: source as EventSource<unknown>, args };
        return source;
      }) as never);
    },
  };

  return createYoga<ServerContext, object>({
    schema: api.schema,
    context,
    plugins: [resolvePersisted, rememberDocument, ...api.plugins, running, answering(logger)],
    maskedErrors: { maskError },
    landingPage: false,
    graphiql: false,
    multipart: false,
    batching: false,
    parserAndValidationCache: { documentCache: documents, errorCache: NO_ERRORS },
    cors: false,
    logging: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    // `readBody` has already enforced the limit.
    maxRequestBodySize: false,
  });
};

const answering = (logger: Logger): Plugin<ServerContext> => {
  return {
    onResultProcess: ({ request, result: given, serverContext, setResult, setResultProcessor }) => {
      if (Array.isArray(given)) return; // batching is off
      const { exchange } = serverContext as unknown as ServerContext;
      const result = Symbol.asyncIterator in given ? given : finishResult(given, exchange.caller, logger);
      if (result !== given) setResult(result);
      const isStream = Symbol.asyncIterator in result;

      if (acceptsEvents(request.headers.get('accept'), isStream)) {
        // Written by `openEventStream`, not by Yoga: with backpressure, and without `complete` if the client should reconnect.
        if (!isStream) exchange.single = result;
        const status = isStream ? 200 : statusOf(result);
        setResultProcessor((_result, fetchApi) => new fetchApi.Response(null, { status }), 'text/event-stream');
      } else if (isStream) {
        exchange.live?.source.stop();
        delete exchange.live;
        setResultProcessor(answerNotAcceptable, 'application/json');
      }
    },
  };
};

const answerNotAcceptable = (_result: unknown, fetchApi: FetchAPI) => {
  const error = { message: 'A subscription is answered as text/event-stream only: accept that, or use a WebSocket' };
  const body = JSON.stringify({ errors: [{ ...error, extensions: { code: 'BAD_USER_INPUT' } }] });
  return new fetchApi.Response(body, { status: 406, headers: { 'Content-Type': 'application/json; charset=utf-8' } });
};

const statusOf = ({ errors = [] }: ExecutionResult): number =>
  Math.max(200, ...errors.map(({ extensions }) => extensions.http?.status ?? 200));
