/** GraphQL Yoga for both transports: one engine, one set of limits, one way of answering errors. */
import { randomUUID } from 'node:crypto';
import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { createYoga, type Plugin, type FetchAPI, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from '../log-line.js';
import { originKeyOf } from '../domain/accounts/origin-key.js';
import type { Request } from '../graphql/context.js';
import { idsOf, type Caller } from './caller.js';
import { reasonOf } from './credential.js';
import { createDocumentCache } from './document-cache.js';
import { acceptsEvents } from './event-stream.js';
import type { Exchange, ServerContext } from './exchange.js';
import { finishErrors, maskError, unauthenticated } from './faults.js';
import type { OperationTimes } from './operation-times.js';
import type { PersistedQueries } from './persisted-queries.js';

/** The schema, with its limits and context. */
export interface Api {
  schema: GraphQLSchema;
  /** The limits, which apply on every transport. */
  plugins: readonly object[];
  /** Whether the operation ignores the request's credential: an expired one must not prevent signing in or refreshing. */
  needsNoCredential(document: DocumentNode, operationName: string | null | undefined): boolean;
  /** For one operation, after authentication. */
  createContext(request: Request): object;
}

export type Engine = YogaServerInstance<ServerContext, object>;

/** Does not cache errors: each holds its whole document, and is cheap to find again. */
const NO_ERRORS = { get: () => undefined, set: () => undefined };

export const createEngine = (
  api: Api,
  persistedQueries: PersistedQueries,
  logger: Logger,
  times: OperationTimes,
): Engine => {
  const context = async ({ exchange, params }: ServerContext & { params?: { operationName?: string | null } }) => {
    const { caller, document } = exchange;
    if (document === undefined || !api.needsNoCredential(document, params?.operationName)) {
      const authentication = await caller.authenticate();
      if ('refusal' in authentication) throw unauthenticated(reasonOf(authentication));
      caller.viewer = authentication.viewer;
    }
    if (params !== undefined) persistedQueries.keep(params, ownerOf(caller));
    const carrierId = caller.socketId ?? randomUUID();
    const present = () => caller.lease?.viewer ?? caller.viewer;
    return api.createContext({ ...caller, present, carrierId, logger: logger.child(idsOf(caller)) });
  };

  const resolvePersisted: Plugin<ServerContext> = {
    onParams: ({ params, setParams }) => setParams(persistedQueries.resolve(params)),
  };

  const rememberDocument: Plugin<ServerContext> = {
    onParse:
      () =>
      ({ context, result }) => {
        if (!(result instanceof Error))
          (context as unknown as ServerContext).exchange.document = result as DocumentNode;
      },
  };

  return createYoga<ServerContext, object>({
    schema: api.schema,
    context,
    plugins: [resolvePersisted, times.plugin, rememberDocument, ...api.plugins, answering(logger)],
    maskedErrors: { maskError },
    landingPage: false,
    graphiql: false,
    multipart: false,
    batching: false,
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: NO_ERRORS },
    cors: false,
    logging: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    // `readBody` has already enforced the limit.
    maxRequestBodySize: false,
  });
};

const ownerOf = ({ viewer, address }: Caller): string =>
  viewer === null ? `address ${address && originKeyOf(address)}` : `user ${viewer.id}`;

const answering = (logger: Logger): Plugin<ServerContext> => {
  const finish = <Result extends ExecutionResult>(result: Result, caller: Caller): Result => {
    if (!result.errors) return result;
    const errors = finishErrors(result.errors, caller, logger);
    if (result.data === undefined) for (const error of errors) blameRequest(error);
    return { ...result, errors };
  };

  return {
    onResultProcess: ({ request, result: given, serverContext, setResult, setResultProcessor }) => {
      if (Array.isArray(given)) return; // batching is off
      const { exchange } = serverContext as unknown as ServerContext;
      const result = Symbol.asyncIterator in given ? given : finish(given, exchange.caller);
      if (result !== given) setResult(result);
      const isStream = Symbol.asyncIterator in result;

      if (acceptsEvents(request.headers.get('accept'), isStream)) {
        // Written by `writeEvents`, not by Yoga: with backpressure, and without `complete` if the client should reconnect.
        exchange.events = result as NonNullable<Exchange['events']>;
        const status = isStream ? 200 : statusOf(result);
        setResultProcessor((_result, fetchApi) => new fetchApi.Response(null, { status }), 'text/event-stream');
      } else if (isStream) {
        void result[Symbol.asyncIterator]().return?.();
        setResultProcessor(answerNotAcceptable, 'application/json');
      }
    },
  };
};

/** Sets status 400: nothing ran because of the request. Yoga would blame the server for an error that a subscription's field throws. */
const blameRequest = ({ extensions }: GraphQLError): void => {
  if (extensions.code === 'BAD_USER_INPUT') extensions.http ??= { status: 400 };
};

const answerNotAcceptable = (_result: unknown, fetchApi: FetchAPI) => {
  const error = { message: 'A subscription is answered as text/event-stream only: accept that, or use a WebSocket' };
  const body = JSON.stringify({ errors: [{ ...error, extensions: { code: 'BAD_USER_INPUT' } }] });
  return new fetchApi.Response(body, { status: 406, headers: { 'Content-Type': 'application/json; charset=utf-8' } });
};

const statusOf = ({ errors = [] }: ExecutionResult): number =>
  Math.max(200, ...errors.map(({ extensions }) => extensions.http?.status ?? 200));
