/** GraphQL over HTTP: one operation per request, answered at once or as Server-Sent Events. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExecutionResult } from 'graphql';
import { createEnding } from '../domain/streams/ending.js';
import type { Authentication } from '../domain/accounts/authentication.js';
import type { Logger } from '../log-line.js';
import type { Tally } from '../meters.js';
import { answerError, answerText, NO_STORE } from './answer.js';
import { BodyError, discardBody, readBody } from './body.js';
import { idsOf, type Caller } from './caller.js';
import type { Carriers } from './carriers.js';
import { REFUSALS, type Authenticate } from './credential.js';
import { acceptsEvents, COMPLETE_ID, openEventStream } from './event-stream.js';
import { formatResult, resultForClient } from './faults.js';
import { createLease } from './lease.js';
import { LiveResults, type Outlet } from './live-results.js';
import { joinPlan, type PreparedOperations } from './prepared-operations.js';
import type { QuickAnswers } from './quick-answers.js';
import type { SharedBytes } from './shared-bytes.js';
import type { Exchange } from './exchange.js';
import type { Engine } from './yoga.js';

export interface GraphqlRequestsOptions {
  engine: Engine;
  operations: PreparedOperations;
  quickAnswers: QuickAnswers;
  sharedBytes: SharedBytes;
  authentication: Pick<Authentication, 'watch'>;
  authenticate: Authenticate;
  carriers: Carriers;
  /** A user opens a stream. @returns closes it */
  arrive: (userId: bigint) => () => void;
  /** Open subscriptions, by "field transport". */
  openSubscriptions: Tally;
  logger: Logger;
  pingMs: number;
}

export interface RequestFacts {
  requestId: string;
  address: string | null;
}

/** Answers one request to the endpoint. Never rejects. */
export type AnswerGraphql = (request: IncomingMessage, response: ServerResponse, facts: RequestFacts) => Promise<void>;

type Live = NonNullable<Exchange['live']>;

const HOW_LONG_A_LAST_RESULT_MAY_TAKE_MS = 2000;

export const createGraphqlRequests = ({
  engine,
  operations,
  quickAnswers,
  sharedBytes,
  authentication,
  authenticate,
  carriers,
  arrive,
  openSubscriptions,
  logger,
  pingMs,
}: GraphqlRequestsOptions): AnswerGraphql => {
  const answer: AnswerGraphql = async (request, response, facts) => {
    const caller: Caller = {
      ...facts,
      transport: acceptsEvents(request.headers.accept ?? null, false) ? 'sse' : 'http',
      socketId: null,
      socket: null,
      eventIds: { last: lastEventIdOf(request), next: null, canResume: false },
      ending: createEnding(),
      lease: null,
      viewer: null,
      authenticate: () => authenticate(request.headers.authorization),
    };
    const exchange: Exchange = { caller };
    const { accept } = request.headers;
    const body = request.method === 'POST' ? await readBody(request) : undefined;
    if (caller.transport === 'sse' && lastEventIdOf(request) === COMPLETE_ID) return answerComplete(response);
    if (body !== undefined && (await quickAnswers.answer(response, accept, body, caller))) return;
    const asked = toFetchRequest(request, body);
    const answered = await engine.fetch(asked, { exchange });
    if (response.destroyed) return exchange.live?.source.stop();
    if (exchange.live !== undefined) {
      await follow(response, exchange, exchange.live);
    } else if (exchange.single !== undefined) {
      const stream = openEventStream(response, { status: answered.status, pingMs });
      stream.write(Buffer.from(JSON.stringify(formatResult(exchange.single))), false);
      stream.end(false);
    } else {
      const headers = { ...Object.fromEntries(answered.headers), ...NO_STORE };
      answerText(response, answered.status, await answered.text(), headers);
    }
  };

  const toFetchRequest = (request: IncomingMessage, body: string | undefined) => {
    const { accept } = request.headers;
    // Without a signal: an operation that began runs to its end, and a stream whose client has left is ended below.
    return new engine.fetchAPI.Request(`http://localhost${request.url}`, {
      method: request.method ?? 'GET',
      headers: {
        ...(accept !== undefined && { accept }),
        // Normalised, however the client spelled it.
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    });
  };

  /** Serves a subscription until it is complete, the client disconnects, or the server ends it. */
  const follow = async (response: ServerResponse, { caller }: Exchange, { source, args }: Live) => {
    const operation = operations.find(args.document, args.operationName)!;
    const facts = { ...idsOf(caller), transport: 'sse', fields: operation.rootFields };
    const { plan, leave } = joinPlan(operation, args.variableValues);
    const stream = openEventStream(response, { status: 200, pingMs, ids: caller.eventIds ?? undefined });
    let isHeld = false;
    const outlet: Outlet = {
      ...stream,
      end: (held) => {
        isHeld = held;
        stream.end(held);
      },
    };
    const finish = (result: ExecutionResult) => resultForClient(result, caller, logger);
    const results = new LiveResults({ source, prepared: operation, args, plan, finish }, sharedBytes, outlet);
    const end = async (code: 'SIGNED_OUT' | 'SHUTTING_DOWN', reason: string) => {
      caller.ending.end(code, reason);
      const timer = setTimeout(() => response.destroy(), HOW_LONG_A_LAST_RESULT_MAY_TAKE_MS);
      await stream.over;
      clearTimeout(timer);
    };
    const lease =
      caller.viewer && createLease(authentication, caller.viewer, (why) => void end('SIGNED_OUT', REFUSALS[why]));
    caller.lease = lease;
    const carrier = carriers.add({
      end: (reason) => end('SHUTTING_DOWN', reason),
      terminate: () => response.destroy(),
    });
    const leaveOnline = caller.viewer && arrive(caller.viewer.id);
    const counted = `${operation.rootFields[0] ?? 'other'} sse`;
    openSubscriptions.add(counted);
    logger.info(facts, 'Subscribed');
    try {
      results.begin();
      const { hasLeft } = await stream.over;
      results.stop();
      const reason = hasLeft ? 'left' : isHeld ? 'ended by the server' : 'complete';
      logger.info({ ...facts, deliveries: results.deliveries, reason }, 'Subscription over');
    } finally {
      leave();
      openSubscriptions.add(counted, -1);
      lease?.release();
      leaveOnline?.();
      carrier.remove();
    }
  };

  return async (request, response, facts) => {
    try {
      await answer(request, response, facts);
    } catch (error) {
      if (response.destroyed) return;
      if (error instanceof BodyError) {
        logger.info({ requestId: facts.requestId, status: error.status }, 'Body refused');
        // The rest of the body could not be told from the next request.
        const headers = error.status === 400 ? undefined : { Connection: 'close' };
        answerError(response, error.status, { message: error.message }, headers);
        discardBody(request);
      } else {
        logger.error({ requestId: facts.requestId, error }, 'Fault');
        if (response.headersSent) response.destroy();
        else
          answerError(response, 500, { message: 'Something went wrong on the server', code: 'INTERNAL_SERVER_ERROR' });
      }
    }
  };
};

const lastEventIdOf = ({ headers }: IncomingMessage): string | null => headers['last-event-id']?.toString() || null;

/** An EventSource reconnects after any answer but 204. */
const answerComplete = (response: ServerResponse) => void response.writeHead(204).end();
