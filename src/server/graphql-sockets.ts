/** GraphQL over WebSockets (`graphql-transport-ws`): the viewer of a socket, its operations, and how it ends. */
import { makeServer, type Context } from 'graphql-ws';
import { GraphQLError } from 'graphql';
import type { WebSocket } from 'ws';
import { UnavailableError } from '../db/database.js';
import { createEnding, type EndingControl, type ServerEndCode } from '../domain/streams/ending.js';
import type { Authentication, Refusal } from '../domain/accounts/authentication.js';
import type { Viewer } from '../domain/viewer.js';
import type { SocketControl } from '../graphql/context.js';
import type { Logger } from '../log-line.js';
import type { Tally } from '../meters.js';
import { idsOf, type Caller } from './caller.js';
import type { Carriers } from './carriers.js';
import { clientAddress } from './client-address.js';
import { createSocketControl } from './socket-control.js';
import { authorizationInUrl, reasonOf, REFUSALS, type Authenticate } from './credential.js';
import { finishErrors, formatError, maskError } from './faults.js';
import { createLease, type Lease } from './lease.js';
import { createOperationIds, type OperationIds } from './operation-ids.js';
import type { FlushQueue } from './flush-queue.js';
import { createLiveFrames, type LiveFrames } from './live-frames.js';
import type { Operation, OperationParams, Operations } from './operations.js';
import { requestIdOf } from './request-id.js';
import type { SharedBytes } from './shared-bytes.js';
import type { SocketFacts } from './sockets.js';
import { createWire, type Wire } from './wire.js';
import { within } from '../within.js';

export interface GraphqlSocketsOptions {
  operations: Operations;
  sharedBytes: SharedBytes;
  flushQueue: FlushQueue;
  authentication: Authentication;
  authenticate: Authenticate;
  carriers: Carriers;
  /** A user opens a socket. @returns closes it */
  arrive: (userId: bigint) => () => void;
  /** Open subscriptions, by "field transport". */
  openSubscriptions: Tally;
  logger: Logger;
  trustProxy: number;
  /** Whether the upgrade request may carry a token in its URL. */
  allowTokenInUrl: boolean;
}

/** One open socket. */
interface OpenSocket {
  readonly socketId: string;
  readonly wire: Wire;
  readonly address: string | null;
  readonly requestId: string;
  /** The upgrade request's credential. It is never logged, and neither is the URL. */
  readonly authorization: string | undefined;
  readonly ending: EndingControl;
  readonly control: SocketControl;
  /** Undefined while nobody is signed in. */
  lease: Lease | undefined;
  /** Its user is online until this is called. */
  leave: () => void;
  readonly operationIds: OperationIds;
  readonly streams: Set<LiveFrames>;
  /** Messages still being processed. A subscription's message counts until the subscription is over. */
  heard: number;
  streaming: number;
  onIdle: () => void;
  readonly openedAt: number;
}

type SocketContext = Context<Record<string, unknown>, OpenSocket>;

const MAX_OPERATIONS = 1000;
const INIT_WITHIN_MS = 10_000;
const LAST_RESULTS_WITHIN_MS = 2000;
// By then the database has answered or timed out.
const ANSWERS_WITHIN_MS = 6000;

const FAULT = 'Something went wrong on the server: try again';

const GOING_AWAY = 1001;
const TRY_AGAIN_LATER = 1013;
// Clients reconnect by themselves after 4403, but not after 4401.
const CLOSE_CODES: Record<Refusal, number> = { badToken: 4403, sessionOver: 4401 };

export const createGraphqlSockets = ({
  operations,
  sharedBytes,
  flushQueue,
  authentication,
  authenticate,
  carriers,
  arrive,
  openSubscriptions,
  logger,
  trustProxy,
  allowTokenInUrl,
}: GraphqlSocketsOptions) => {
  /** Keyed by the payload of the operation. */
  const callers = new WeakMap<object, Caller>();

  const callerOf = (socket: OpenSocket, operationId: string): Caller => ({
    requestId: `${socket.requestId}/${operationId.slice(0, 64)}`,
    transport: 'ws',
    address: socket.address,
    socketId: socket.socketId,
    socket: socket.control,
    eventIds: null,
    ending: socket.ending,
    lease: socket.lease ?? null,
    viewer: socket.lease?.viewer ?? null,
    authenticate: async () => {
      const { lease } = socket;
      return lease === undefined ? { viewer: null } : authentication.again(lease.viewer);
    },
  });

  /** Ends each stream of the socket with a last event, then closes the socket. */
  const end = async (socket: OpenSocket, code: ServerEndCode, closeCode: number, reason: string) => {
    socket.ending.end(code, reason);
    await within(LAST_RESULTS_WITHIN_MS, Promise.all([...socket.streams].map((stream) => stream.over)));
    await within(ANSWERS_WITHIN_MS, idle(socket));
    socket.wire.close(closeCode, reason);
    await socket.wire.closed;
  };

  const signIn = (socket: OpenSocket, viewer: Viewer) => {
    socket.lease = createLease(authentication, viewer, (why) => {
      void end(socket, 'SIGNED_OUT', CLOSE_CODES[why], REFUSALS[why]);
    });
    // The socket closed while the credential was checked.
    if (!socket.wire.isOpen) socket.lease.release();
    else socket.leave = arrive(viewer.id);
  };

  const onConnect = async ({ connectionParams, extra: socket }: SocketContext) => {
    const written = connectionParams?.authorization ?? connectionParams?.Authorization ?? socket.authorization;
    const ids = { socketId: socket.socketId, requestId: socket.requestId, address: socket.address };
    try {
      const answered = await authenticate(written);
      if ('refusal' in answered) {
        logger.info({ ...ids, reason: answered.refusal }, 'Authentication refused');
        return socket.wire.close(CLOSE_CODES[answered.refusal], reasonOf(answered));
      }
      const { viewer } = answered;
      if (viewer !== null) signIn(socket, viewer);
      logger.info({ ...ids, userId: viewer?.id, by: viewer?.credential.kind }, 'Connected');
    } catch (error) {
      if (error instanceof UnavailableError) {
        logger.warn({ ...ids, error }, 'Unavailable');
        return socket.wire.close(TRY_AGAIN_LATER, 'The database is not available: try again');
      }
      logger.error({ ...ids, error }, 'Fault');
      socket.wire.close(TRY_AGAIN_LATER, FAULT);
    }
  };

  const onSubscribe = async ({ extra: socket, subscriptions }: SocketContext, number: string, payload: object) => {
    const caller = callerOf(socket, socket.operationIds.clientIdOf(number)!);
    callers.set(payload, caller);
    if (Object.keys(subscriptions).length > MAX_OPERATIONS)
      return [tooMuch(`At most ${MAX_OPERATIONS} operations run on one socket at once`)];
    return operations.prepare(caller, payload as OperationParams);
  };

  const run = (operation: Operation) => operations.run(operation);

  /** @returns what graphql-ws waits for: the end of the subscription, whose results do not pass through it */
  const subscribe = async (operation: Operation) => {
    const source = await operations.subscribe(operation);
    return Symbol.asyncIterator in source ? createLiveFrames(operation, source, sharedBytes, logger) : source;
  };

  const onOperation = (
    { extra: socket, subscriptions }: SocketContext,
    number: string,
    _payload: object,
    { caller, prepared }: Operation,
    frames: unknown,
  ) => {
    const clientId = socket.operationIds.clientIdOf(number);
    // It was ended before it stood.
    if (!isLive(frames) || clientId === undefined) return;
    const facts = { ...idsOf(caller), transport: 'ws', fields: prepared.rootFields };
    socket.streams.add(frames);
    socket.streaming++;
    const counted = `${prepared.rootFields[0] ?? 'other'} ws`;
    openSubscriptions.add(counted);
    logger.info(facts, 'Subscribed');
    void frames.over.then(() => {
      socket.streams.delete(frames);
      socket.streaming--;
      openSubscriptions.add(counted, -1);
      const reason = frames.wasHeld ? 'ended by the server' : undefined;
      logger.info({ ...facts, deliveries: frames.deliveries, reason }, 'Subscription over');
    });
    // Without this entry graphql-ws sends no `complete` for it.
    frames.begin(socket.wire, clientId, { onHeld: () => delete subscriptions[number] });
  };

  const formatErrors = (payload: object, errors: readonly GraphQLError[]) =>
    finishErrors(errors, callers.get(payload)!, logger).map(formatError);

  const protocol = makeServer<Record<string, unknown>, OpenSocket>({
    connectionInitWaitTimeout: INIT_WITHIN_MS,
    onConnect,
    onSubscribe,
    execute: run as never,
    subscribe: subscribe as never,
    onOperation: onOperation as never,
    onNext: (_ctx, _id, payload, _args, { errors, ...result }) =>
      errors && { ...result, errors: formatErrors(payload, errors) },
    onError: (_ctx, _id, payload, errors) => formatErrors(payload, errors.map(maskError)),
    onClose: ({ extra: socket }, code) => {
      socket.lease?.release();
      socket.leave();
      const seconds = Math.round((performance.now() - socket.openedAt) / 1000);
      const ids = { socketId: socket.socketId, userId: socket.lease?.viewer.id };
      const close = socket.wire.ownClose ?? { code, reason: 'closed by the client' };
      logger.info({ ...ids, ...close, seconds }, 'Disconnected');
    },
  });

  /** Passes one message to graphql-ws, and counts it until it is processed. */
  const hear = async (socket: OpenSocket, take: (data: string) => Promise<void>, text: string) => {
    const message = socket.operationIds.hear(text);
    if (message === null) return;
    socket.heard++;
    try {
      // graphql-ws parses text only, and takes objects as they are; its types do not say so.
      await take(message as string);
    } catch (error) {
      logger.error({ socketId: socket.socketId, error }, 'Fault');
      // Not 4500, after which graphql-ws' client never reconnects.
      socket.wire.close(TRY_AGAIN_LATER, FAULT);
    } finally {
      socket.heard--;
      socket.onIdle();
    }
  };

  /** Serves an open socket. */
  return (webSocket: WebSocket, { socketId, request }: SocketFacts, onBeat: () => void): void => {
    const wire = createWire(webSocket, flushQueue, onBeat);
    const socket: OpenSocket = {
      socketId,
      wire,
      address: clientAddress(request, trustProxy),
      requestId: requestIdOf(request),
      authorization: request.headers.authorization ?? (allowTokenInUrl ? authorizationInUrl(request) : undefined),
      ending: createEnding(),
      control: createSocketControl(authentication, () => socket.lease),
      lease: undefined,
      leave: () => undefined,
      operationIds: createOperationIds(wire.close),
      streams: new Set(),
      heard: 0,
      streaming: 0,
      onIdle: () => undefined,
      openedAt: performance.now(),
    };
    const carrier = carriers.add({
      end: (reason) => end(socket, 'SHUTTING_DOWN', GOING_AWAY, reason),
      terminate: () => webSocket.terminate(),
    });
    const onClosed = protocol.opened(
      {
        protocol: webSocket.protocol,
        send: async (text) => {
          const told = socket.operationIds.tell(text);
          if (told !== null) await wire.send(told);
        },
        close: wire.close,
        onMessage: (take) => wire.onText((text) => void hear(socket, take, text)),
      },
      socket,
    );
    webSocket.once('close', (code) => {
      carrier.remove();
      onClosed(code).catch((error: unknown) => logger.error({ socketId, error }, 'Fault'));
    });
  };
};

const tooMuch = (message: string) => new GraphQLError(message, { extensions: { code: 'TOO_COMPLEX' } });

/** Resolves once everything except running subscriptions is answered. */
const idle = async (socket: OpenSocket): Promise<void> => {
  while (socket.heard > socket.streaming) await new Promise<void>((resolve) => (socket.onIdle = resolve));
};

const isLive = (value: unknown): value is LiveFrames => typeof value === 'object' && value !== null && 'begin' in value;
