/** The server: everything on one port. */
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { DatabaseState } from '../db/database.js';
import type { Authentication } from '../domain/accounts/authentication.js';
import type { Attachments } from '../domain/files/attachments.js';
import { AVATARS_PATH, type Avatars } from '../domain/files/avatars.js';
import { FILES_PATH, UPLOADS_PATH } from '../domain/files/file-links.js';
import { MB } from '../domain/files/file-room.js';
import type { Uploads } from '../domain/files/uploads.js';
import { DOCTOR_HEADER } from '../doctor-proof.js';
import type { Logger } from '../log-line.js';
import { createTally, type Histogram } from '../meters.js';
import { createOriginCheck } from './allowed-origins.js';
import { answerError, answerJson } from './answer.js';
import type { TellArrival } from './arrival.js';
import { BodyError, checkAnnouncedBody, discardBody } from './body.js';
import { createCarriers } from './carriers.js';
import { clientAddress } from './client-address.js';
import { allowOrigin, answerPreflight } from './cors.js';
import { createAuthenticate } from './credential.js';
import type { AnswerPage } from './graphiql.js';
import { createDocumentCache } from './document-cache.js';
import { createDownloadRequests } from './downloads.js';
import { createFlushQueue } from './flush-queue.js';
import { createGraphqlRequests } from './graphql-requests.js';
import { createGraphqlSockets } from './graphql-sockets.js';
import { LEAST_RATE, longestMs } from './least-rate.js';
import { createOperationTimes } from './operation-times.js';
import { createOperations } from './operations.js';
import { createPersistedQueries } from './persisted-queries.js';
import { createPreparedOperations } from './prepared-operations.js';
import { answerProblem } from './problem.js';
import { createProxyNotice } from './proxy-notice.js';
import { createQuickAnswers } from './quick-answers.js';
import { requestIdOf } from './request-id.js';
import { createSharedBytes } from './shared-bytes.js';
import { createSockets } from './sockets.js';
import { createUploadRequests } from './uploads.js';
import { createEngine, type Api } from './yoga.js';

export interface ServerOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  isLoopback: boolean;
  allowedOrigins: '*' | readonly string[] | undefined;
  /** How many proxies stand in front. */
  trustProxy: number;
  /** Whether sockets may carry a token in their URL. */
  allowTokenInUrl: boolean;
  drainSeconds: number;
  /** The maximum age of sockets and streams, after which their clients reconnect. 0: no limit. */
  connectionMinutes: number;
  slowReaderSeconds: number;
  /** The longest file. */
  attachmentMaxMb: number;
  uploads: Uploads;
  attachments: Attachments;
  avatars: Avatars;
  api: Api;
  authentication: Authentication;
  /** A user opens a socket or an event stream. @returns closes it */
  arrive: (userId: bigint) => () => void;
  /** For readiness. */
  databaseState: () => Promise<DatabaseState>;
  /** For `parley doctor --url`. */
  tellArrival: TellArrival;
  /** The page for browsers; undefined: none. */
  graphiql: AnswerPage | undefined;
  logger: Logger;
  /** Operations that take longer are logged; 0: never. */
  slowMs: number;
  version: string;
  /** How often silent sockets and streams are pinged. */
  pingMs?: number;
}

/** The server's own metrics. */
export interface ServerFigures {
  sockets(): number;
  /** Open subscriptions, by "field transport". */
  subscriptions(): ReadonlyMap<string, number>;
  /** Seconds, by "type field". */
  operations(): ReadonlyMap<string, Histogram>;
  slowOperations(): number;
}

export interface Server {
  readonly figures: ServerFigures;
  /** Known once it listens. */
  readonly url: string;
  listen(): Promise<void>;
  /**
   * Reports not ready at once, answers pending requests, and ends sockets and streams over the first half of the drain time at most.
   *
   * @returns once everything is closed, by force after the drain time
   */
  stop(): Promise<void>;
}

export const ENDPOINT = '/graphql';

const PING_MS = 12_000;
const MIN_DRAIN_MS = 500;
const QUIET_MS = 100;

/** Against slow and idle clients; bodies have deadlines of their own (`body.ts`, `least-rate.ts`). Keep-alive outlasts nginx's 60 s, so that nginx never sends into a closed connection. */
const TIMES = {
  headersTimeout: 10_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5000,
};

const SAFETY = {
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'Cross-Origin-Opener-Policy': 'same-origin',
};

export const createServer = (options: ServerOptions): Server => {
  const { host, port, authentication, trustProxy, drainSeconds, graphiql, logger, version, pingMs = PING_MS } = options;
  let isDraining = false;
  let lastRequestAt = -Infinity;
  /** Responses that are not finished yet, event streams included. */
  const unanswered = new Set<ServerResponse>();

  const isAllowedOrigin = createOriginCheck({ ...options, isProxied: trustProxy > 0 });
  const authenticate = createAuthenticate(authentication);
  const persistedQueries = createPersistedQueries();
  const times = createOperationTimes(options.api.schema, options.slowMs);
  const subscriptions = createTally();
  const preparedOperations = createPreparedOperations();
  const running = {
    api: options.api,
    documents: createDocumentCache(),
    operations: preparedOperations,
    persistedQueries,
    times,
    logger,
  };
  const engine = createEngine(running);
  const operations = createOperations({ ...running, engine });
  const sharedBytes = createSharedBytes();
  const carriers = createCarriers({ mostMinutes: options.connectionMinutes });
  const answerGraphql = createGraphqlRequests({
    engine,
    operations: preparedOperations,
    quickAnswers: createQuickAnswers(operations, engine, logger),
    sharedBytes,
    authentication,
    authenticate,
    carriers,
    arrive: options.arrive,
    openSubscriptions: subscriptions,
    logger,
    pingMs,
  });

  const noticeProxy = createProxyNotice(trustProxy, logger);
  const { attachments, avatars, uploads } = options;
  const stalledMs = options.slowReaderSeconds * 1000;
  const answerUpload = createUploadRequests({ uploads, attachments, logger });
  const answerDownload = createDownloadRequests({ attachments, avatars, logger, stalledMs });

  const sockets = createSockets({
    logger,
    refusalOf: (request) => {
      noticeProxy(request);
      if (pathOf(request) !== ENDPOINT) return { status: 404, reason: 'no such path' };
      if (!isAllowedOrigin(request)) return { status: 403, reason: 'origin' };
      if (isDraining) return { status: 503, reason: 'shutting down' };
      return undefined;
    },
    onSocket: createGraphqlSockets({
      operations,
      sharedBytes,
      flushQueue: createFlushQueue(),
      authentication,
      authenticate,
      carriers,
      arrive: options.arrive,
      openSubscriptions: subscriptions,
      logger,
      trustProxy,
      allowTokenInUrl: options.allowTokenInUrl,
    }),
    pingMs,
    stalledMs: 2 * options.slowReaderSeconds * 1000,
  });

  const answerHealth = async (request: IncomingMessage, response: ServerResponse) => {
    if (!isRead(request)) return refuseMethod(response, 'GET, HEAD');
    const say = (status: number, body: object) => answerJson(response, status, { ...body, version });
    if (pathOf(request) === '/health/live') {
      const arrival = options.tellArrival(request);
      if (arrival !== undefined) response.setHeader(DOCTOR_HEADER, arrival);
      return say(200, { status: 'ok' });
    }
    if (isDraining) return say(503, { status: 'shutting down' });
    const database = await options.databaseState();
    // The node may have begun to stop meanwhile.
    if (isDraining) say(503, { status: 'shutting down', database });
    else if (database === 'ok') say(200, { status: 'ok', database });
    else say(503, { status: `database ${database}`, database });
  };

  const answerEndpoint = async (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    response.setHeader('Vary', 'Origin, Accept');
    const address = clientAddress(request, trustProxy);
    if (!isAllowedOrigin(request)) {
      logger.info({ requestId, address, origin: request.headers.origin }, 'Origin refused');
      return answerError(response, 403, { message: 'This origin may not use this server: see ALLOWED_ORIGINS' });
    }
    allowOrigin(request, response);
    if (request.method === 'OPTIONS') return answerPreflight(request, response);
    if (graphiql !== undefined && isRead(request) && wantsPage(request)) return graphiql(request, response);
    if (isDraining && wantsEvents(request)) {
      const retry = { message: 'This node is shutting down: try again', code: 'UNAVAILABLE', retryAfterMs: 1000 };
      return answerError(response, 503, retry, { 'Retry-After': '1' });
    }
    return answerGraphql(request, response, { requestId, address });
  };

  const answerFiles = async (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    response.setHeader('Vary', 'Origin');
    if (!isAllowedOrigin(request)) {
      const detail = 'This origin may not use this server: see ALLOWED_ORIGINS';
      return answerProblem(request, response, { status: 403, code: 'ORIGIN', detail });
    }
    allowOrigin(request, response);
    if (request.method === 'OPTIONS') return answerPreflight(request, response, 'GET, PUT');
    if (!pathOf(request).startsWith(UPLOADS_PATH)) return answerDownload(request, response, requestId);
    if (isDraining) {
      const detail = 'This node is shutting down: try again';
      return answerProblem(request, response, { status: 503, code: 'BUSY', detail });
    }
    return answerUpload(request, response, requestId);
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    noticeProxy(request);
    const requestId = requestIdOf(request);
    const begun = performance.now();
    lastRequestAt = begun;
    response.setHeader('X-Request-Id', requestId);
    for (const [name, value] of Object.entries(SAFETY)) response.setHeader(name, value);
    if (isDraining) response.setHeader('Connection', 'close');
    unanswered.add(response);
    response.once('close', () => {
      unanswered.delete(response);
      const milliseconds = Math.round(performance.now() - begun);
      logger.debug({ requestId, method: request.method, status: response.statusCode, milliseconds }, 'Request');
    });

    const path = pathOf(request);
    if (path === ENDPOINT) return answerEndpoint(request, response, requestId);
    if (isOfFiles(path)) return answerFiles(request, response, requestId);
    discardBody(request);
    if (path === '/health/live' || path === '/health/ready') return answerHealth(request, response);
    if (path === '/' && graphiql !== undefined && isRead(request) && wantsPage(request)) {
      // Relative, because a proxy may add a path in front.
      response.writeHead(302, { Location: ENDPOINT.slice(1), 'Content-Length': 0 });
      return response.end();
    }
    answerError(response, 404, { message: `There is nothing here: GraphQL is at ${ENDPOINT}` });
  };

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ error }, 'Fault');
      response.destroy();
    });
  };

  // A net beneath the deadlines of bodies.
  const requestTimeout = longestMs(options.attachmentMaxMb * MB, LEAST_RATE);
  const http = createHttpServer({ ...TIMES, requestTimeout }, onRequest);
  http.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  // The client asks (Expect: 100-continue) before it sends a body: refuse it now.
  http.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    // Files are refused by their own.
    if (isOfFiles(pathOf(request))) return onRequest(request, response);
    try {
      checkAnnouncedBody(request);
      response.writeContinue();
      onRequest(request, response);
    } catch (error) {
      if (error instanceof BodyError)
        answerError(response, error.status, { message: error.message }, { Connection: 'close' });
      else throw error;
    }
  });

  const closeHttp = (deadline: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => http.closeAllConnections(), Math.max(0, deadline - performance.now()));
      http.close(() => {
        clearTimeout(timer);
        resolve();
      });
      http.closeIdleConnections();
      // Connections with a pending answer would otherwise stay open after it.
      for (const response of unanswered) if (!response.headersSent) response.setHeader('Connection', 'close');
    });

  const drain = async () => {
    lastRequestAt = performance.now();
    const deadline = performance.now() + Math.max(drainSeconds * 1000, MIN_DRAIN_MS);
    const force = setTimeout(() => carriers.terminateAll(), deadline - performance.now());
    logger.info({ carriers: carriers.size, requests: unanswered.size }, 'Draining');
    const halfTime = performance.now() + (drainSeconds * 1000) / 2;
    await carriers.endAll((drainSeconds * 1000) / 2);
    clearTimeout(force);
    // Requests sent before the listener closes may not have been read yet, and would be lost with their connection.
    while (performance.now() < Math.min(halfTime, lastRequestAt + QUIET_MS)) await delay(QUIET_MS / 4);
    await closeHttp(deadline);
    sockets.stop();
  };
  let stopped: Promise<void> | undefined;

  return {
    figures: {
      sockets: sockets.size,
      subscriptions: subscriptions.counts,
      operations: times.durations.all,
      slowOperations: times.slow,
    },
    get url() {
      const { port: actual } = http.address() as AddressInfo;
      return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
    },
    listen: () =>
      new Promise((resolve, reject) => {
        http.once('error', reject);
        http.listen(port, host, () => {
          http.off('error', reject);
          http.on('error', (error) => logger.error({ error }, 'Fault'));
          resolve();
        });
      }),
    stop: () => {
      isDraining = true;
      stopped ??= drain();
      return stopped;
    },
  };
};

const pathOf = (request: IncomingMessage): string => request.url?.split('?', 1)[0] ?? '';

const isOfFiles = (path: string) => [UPLOADS_PATH, FILES_PATH, AVATARS_PATH].some((start) => path.startsWith(start));

const isRead = (request: IncomingMessage) => request.method === 'GET' || request.method === 'HEAD';

const accepts = (request: IncomingMessage, type: string) => request.headers.accept?.includes(type) ?? false;
const wantsPage = (request: IncomingMessage) => accepts(request, 'text/html');
const wantsEvents = (request: IncomingMessage) => accepts(request, 'text/event-stream');

const refuseMethod = (response: ServerResponse, allowed: string) =>
  answerError(response, 405, { message: `Only ${allowed} here` }, { Allow: allowed });
