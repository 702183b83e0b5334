/** GraphQL over WebSockets, as the `graphql-transport-ws` protocol has it: who is on one, what they run, how it ends. */
import { makeServer, type Context } from 'graphql-ws';
import { GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import type { WebSocket } from 'ws';
import { UnavailableError } from '../db/database.js';
import { createEnding, type EndingControl, type ServerEndCode } from '../domain/streams/ending.js';
import type { Authentication, Refusal } from '../domain/accounts/authentication.js';
import type { Viewer } from '../domain/viewer.js';
import type { Connection } from '../graphql/context.js';
import type { Logger } from '../log-line.js';
import type { Tally } from '../meters.js';
import { idsOf, type Caller } from './caller.js';
import type { Carriers } from './carriers.js';
import { clientAddress } from './client-address.js';
import { createConnection } from './connection.js';
import { authorizationInUrl, reasonOf, REFUSALS, type Authenticate } from './credential.js';
import { finishErrors, formatError, maskError } from './faults.js';
import { createLease, type Lease } from './lease.js';
import { createOperationIds, type OperationIds } from './operation-ids.js';
import { createOperations } from './operations.js';
import type { PersistedQueries } from './persisted-queries.js';
import { requestIdOf } from './request-id.js';
import { createResultStream, type ResultStream } from './result-stream.js';
import { rootFieldsOf } from './root-fields.js';
import type { SocketFacts } from './sockets.js';
import { createWire, type Wire } from './wire.js';
import type { Engine } from './yoga.js';
import { within } from '../within.js';

export interface GraphqlSocketsOptions {
  engine: Engine;
  persistedQueries: PersistedQueries;
  authentication: Authentication;
  authenticate: Authenticate;
  carriers: Carriers;
  /** Open ones, by "field transport". */
  openSubscriptions: Tally;
  logger: Logger;
  trustProxy: number;
  /** Whether the upgrade request may show a token in its URL. */
  allowTokenInUrl: boolean;
}

/** One open socket. */
interface Session {
  readonly socketId: string;
  readonly wire: Wire;
  readonly address: string | null;
  readonly requestId: string;
  /** The upgrade request's own credential. Never logged, nor is its URL. */
  readonly authorization: string | undefined;
  readonly ending: EndingControl;
  readonly connection: Connection;
  /** Undefined while nobody is signed in. */
  lease: Lease | undefined;
  readonly operationIds: OperationIds;
  readonly streams: Set<ResultStream>;
  /** Messages that are not dealt with yet; a subscription's is until that is over. */
  heard: number;
  streaming: number;
  onIdle: () => void;
  readonly openedAt: number;
}

type SocketContext = Context<Record<string, unknown>, Session>;

const OPERATIONS_MOST = 1000;
const INIT_WITHIN_MS = 10_000;
const LAST_RESULTS_WITHIN_MS = 2000;
// What the database does not answer by then it does not answer.
const ANSWERS_WITHIN_MS = 6000;

const FAULT = 'Something went wrong on the server: try again';

const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
// Clients come back by themselves after 4403, and not after 4401.
const CLOSE_CODES: Record<Refusal, number> = { badToken: 4403, sessionOver: 4401 };

export const createGraphqlSockets = ({
  engine,
  persistedQueries,
  authentication,
  authenticate,
  carriers,
  openSubscriptions,
  logger,
  trustProxy,
  allowTokenInUrl,
}: GraphqlSocketsOptions) => {
  const operations = createOperations(engine, persistedQueries);
  /** By the payload that began the operation. */
  const callers = new WeakMap<object, Caller>();

  const callerOf = (session: Session, operationId: string): Caller => ({
    requestId: `${session.requestId}/${operationId.slice(0, 64)}`,
    transport: 'ws',
    address: session.address,
    socketId: session.socketId,
    connection: session.connection,
    eventIds: null,
    ending: session.ending,
    lease: session.lease ?? null,
    viewer: session.lease?.viewer ?? null,
    authenticate: async () => {
      const { lease } = session;
      return lease === undefined ? { viewer: null } : authentication.again(lease.viewer);
    },
  });

  /** Ends what it carries, each stream with a last event, and closes it. */
  const end = async (session: Session, code: ServerEndCode, closeCode: number, reason: string) => {
    session.ending.end(code, reason);
    await within(LAST_RESULTS_WITHIN_MS, Promise.all([...session.streams].map((stream) => stream.over)));
    await within(ANSWERS_WITHIN_MS, idle(session));
    session.wire.close(closeCode, reason);
    await session.wire.closed;
  };

  const signIn = (session: Session, viewer: Viewer) => {
    session.lease = createLease(authentication, viewer, (why) => {
      void end(session, 'SIGNED_OUT', CLOSE_CODES[why], REFUSALS[why]);
    });
    // It was closed while the credential was looked at.
    if (!session.wire.isOpen) session.lease.release();
  };

  const onConnect = async ({ connectionParams, extra: session }: SocketContext) => {
    const written = connectionParams?.authorization ?? connectionParams?.Authorization ?? session.authorization;
    const ids = { socketId: session.socketId, requestId: session.requestId, address: session.address };
    try {
      const answered = await authenticate(written);
      if ('refusal' in answered) {
        logger.info({ ...ids, reason: answered.refusal }, 'Authentication refused');
        return session.wire.close(CLOSE_CODES[answered.refusal], reasonOf(answered));
      }
      const { viewer } = answered;
      if (viewer !== null) signIn(session, viewer);
      logger.info({ ...ids, userId: viewer?.id, by: viewer?.credential.kind }, 'Connected');
    } catch (error) {
      if (error instanceof UnavailableError) {
        logger.warn({ ...ids, error }, 'Unavailable');
        return session.wire.close(TRY_AGAIN_LATER, 'The database is not available: try again');
      }
      logger.error({ ...ids, error }, 'Fault');
      session.wire.close(TRY_AGAIN_LATER, FAULT);
    }
  };

  const onSubscribe = async ({ extra: session, subscriptions }: SocketContext, number: string, payload: object) => {
    const caller = callerOf(session, session.operationIds.clientIdOf(number)!);
    callers.set(payload, caller);
    if (Object.keys(subscriptions).length > OPERATIONS_MOST)
      return [tooMuch(`At most ${OPERATIONS_MOST} operations run on one socket at once`)];
    return operations.prepare(caller, payload as Parameters<typeof operations.prepare>[1]);
  };

  const run = (args: ExecutionArgs) => operations.run(args);

  const onOperation = (
    { extra: session, subscriptions }: SocketContext,
    number: string,
    payload: object,
    args: ExecutionArgs,
    source: unknown,
  ) => {
    if (!isStream(source)) return undefined;
    const caller = callers.get(payload)!;
    const facts = { ...idsOf(caller), transport: 'ws', fields: rootFieldsOf(args.document, args.operationName) };
    const results = createResultStream(source, {
      ending: session.ending,
      // Without its number there, no `complete` is sent for it.
      onCut: () => delete subscriptions[number],
    });
    session.streams.add(results);
    session.streaming++;
    const counted = `${facts.fields[0] ?? 'other'} ws`;
    openSubscriptions.add(counted);
    logger.info(facts, 'Subscribed');
    void results.over.then(() => {
      session.streams.delete(results);
      session.streaming--;
      openSubscriptions.add(counted, -1);
      const reason = results.wasCut ? 'ended by the server' : undefined;
      logger.info({ ...facts, deliveries: results.deliveries, reason }, 'Subscription over');
    });
    return results as unknown as AsyncGenerator<ExecutionResult>;
  };

  const formatErrors = (payload: object, errors: readonly GraphQLError[]) =>
    finishErrors(errors, callers.get(payload)!, logger).map(formatError);

  const protocol = makeServer<Record<string, unknown>, Session>({
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    onConnect,
    onSubscribe,
    execute: run as never,
    subscribe: run as never,
    onOperation: onOperation as never,
    onNext: (_ctx, _id, payload, _args, { errors, ...result }) =>
      errors && { ...result, errors: formatErrors(payload, errors) },
    onError: (_ctx, _id, payload, errors) => formatErrors(payload, errors.map(maskError)),
    onClose: ({ extra: session }, code) => {
      session.lease?.release();
      const seconds = Math.round((performance.now() - session.openedAt) / 1000);
      const ids = { socketId: session.socketId, userId: session.lease?.viewer.id };
      const close = session.wire.ownClose ?? { code, reason: 'closed by the client' };
      logger.info({ ...ids, ...close, seconds }, 'Disconnected');
    },
  });

  /** Hears what the protocol does with one message, until it is answered. */
  const hear = async (session: Session, take: (data: string) => Promise<void>, text: string) => {
    const message = session.operationIds.hear(text);
    if (message === null) return;
    session.heard++;
    try {
      // graphql-ws parses what is text; its types do not say so.
      await take(message as string);
    } catch (error) {
      logger.error({ socketId: session.socketId, error }, 'Fault');
      // Not with 4500, after which graphql-ws' client never comes back.
      session.wire.close(TRY_AGAIN_LATER, FAULT);
    } finally {
      session.heard--;
      session.onIdle();
    }
  };

  /** Takes over an open socket. */
  return (socket: WebSocket, { socketId, request }: SocketFacts, onBeat: () => void): void => {
    const wire = createWire(socket, onBeat);
    const session: Session = {
      socketId,
      wire,
      address: clientAddress(request, trustProxy),
      requestId: requestIdOf(request),
      authorization: request.headers.authorization ?? (allowTokenInUrl ? authorizationInUrl(request) : undefined),
      ending: createEnding(),
      connection: createConnection(authentication, () => session.lease),
      lease: undefined,
      operationIds: createOperationIds(wire.close),
      streams: new Set(),
      heard: 0,
      streaming: 0,
      onIdle: () => undefined,
      openedAt: performance.now(),
    };
    const carrier = carriers.add({
      end: (reason) => end(session, 'SHUTTING_DOWN', GOING_AWAY, reason),
      terminate: () => socket.terminate(),
    });
    const onClosed = protocol.opened(
      {
        protocol: socket.protocol,
        send: async (text) => {
          const told = session.operationIds.tell(text);
          if (told !== null) await wire.send(told);
        },
        close: wire.close,
        onMessage: (take) => wire.onText((text) => void hear(session, take, text)),
      },
      session,
    );
    socket.once('close', (code) => {
      carrier.remove();
      onClosed(code).catch((error: unknown) => logger.error({ socketId, error }, 'Fault'));
    });
  };
};

const tooMuch = (message: string) => new GraphQLError(message, { extensions: { code: 'TOO_COMPLEX' } });

/** Everything that was asked for, but for what goes on, is answered. */
const idle = async (session: Session): Promise<void> => {
  while (session.heard > session.streaming) await new Promise<void>((resolve) => (session.onIdle = resolve));
};

const isStream = (value: unknown): value is AsyncIterable<ExecutionResult> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
