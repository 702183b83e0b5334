/**
 * Errors as clients may see them. Errors of the contract pass through with their code. Any other error is a bug: masked, and
 * logged with the request's id.
 */
import { GraphQLError, type ExecutionResult, type FormattedExecutionResult, type GraphQLFormattedError } from 'graphql';
import { UnavailableError } from '../db/database.js';
import { BadUserInputError } from '../domain/bad-user-input.js';
import { RateLimitedError } from '../domain/errors.js';
import type { Logger } from '../log-line.js';
import { idsOf, type Caller } from './caller.js';
import { boundErrors } from './error-bounds.js';

const INTERNAL = 'INTERNAL_SERVER_ERROR';
const MASKED = 'Something went wrong on the server';

// The codes of Yoga and graphql-js for malformed requests.
const MALFORMED = new Set(['BAD_REQUEST', 'OPERATION_RESOLUTION_FAILURE', 'REQUEST_ENTITY_TOO_LARGE']);

/** Turns a thrown error into what a client may see, and keeps the original for the log. */
export const maskError = (error: unknown): GraphQLError => {
  const original = originalOf(error);
  if (original instanceof UnavailableError)
    return copyOf(error, original.message, {
      code: 'UNAVAILABLE',
      retryAfterMs: original.retryAfterMs,
      // Nothing ran, so the whole request failed.
      ...(error === original && { http: { status: 503, headers: { 'Retry-After': seconds(original.retryAfterMs) } } }),
    });
  if (original instanceof RateLimitedError)
    return copyOf(error, original.message, { code: 'RATE_LIMITED', retryAfterMs: original.retryAfterMs });
  if (original instanceof BadUserInputError) return copyOf(error, original.message, { code: 'BAD_USER_INPUT' });
  // Caused by the request: invalid JSON in a GET's parameters. One thrown by a resolver is wrapped.
  if (error instanceof SyntaxError)
    return new GraphQLError('The request is malformed', {
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    });
  if (original instanceof GraphQLError && error instanceof GraphQLError && isMeant(error)) return error;
  return copyOf(error, MASKED, { code: INTERNAL, unexpected: true });
};

const seconds = (milliseconds: number) => String(Math.ceil(milliseconds / 1000));

/** An error with a code was written for clients; one without a path is about the request, before anything ran. */
const isMeant = (error: GraphQLError): boolean => typeof error.extensions.code === 'string' || error.path === undefined;

const originalOf = (error: unknown): unknown => {
  let original = error;
  while (original instanceof GraphQLError && original.originalError) original = original.originalError;
  return original;
};

const copyOf = (error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError =>
  new GraphQLError(message, {
    ...(error instanceof GraphQLError && {
      nodes: error.nodes,
      source: error.source,
      positions: error.positions,
      path: error.path,
    }),
    originalError: error instanceof Error ? error : new Error(String(error)),
    extensions,
  });

/**
 * Gives each error its code of the contract, and masked ones the request's id, and logs them. Changes some in place, because the
 * HTTP answer takes its status from them.
 *
 * @returns the errors to send: few and short if the client is to blame
 */
export const finishErrors = (errors: readonly GraphQLError[], caller: Caller, logger: Logger): GraphQLError[] => {
  const told = boundErrors(errors);
  for (const { extensions, originalError, path } of told) {
    // Otherwise Yoga answers it with 200 for `application/json`, as it does for an invalid document.
    if (extensions.code === 'BAD_REQUEST') delete extensions.http?.spec;
    extensions.code = codeOf(extensions.code);
    delete extensions.originalError; // JSON.parse quotes a piece of the body in it
    const fields = { ...idsOf(caller), code: extensions.code, path: path?.join('.') };
    if (extensions.code === INTERNAL) {
      extensions.requestId = caller.requestId;
      logger.error({ ...fields, error: originalOf(originalError) }, 'Fault');
    } else if (extensions.code === 'UNAVAILABLE') {
      logger.warn({ ...fields, error: originalOf(originalError) }, 'Unavailable');
    } else if (extensions.code === 'UNAUTHENTICATED') {
      logger.info({ ...fields, address: caller.address }, 'Authentication refused');
    } else if (extensions.code === 'TOO_COMPLEX') {
      logger.info(fields, 'Limit');
    } else if (extensions.code !== 'SUBSCRIPTION_ENDED') {
      logger.debug(fields, 'Request refused');
    }
  }
  return told;
};

/** A result over HTTP, with the errors to send. */
export const finishResult = <Result extends ExecutionResult>(
  result: Result,
  caller: Caller,
  logger: Logger,
): Result => {
  if (!result.errors) return result;
  const errors = finishErrors(result.errors, caller, logger);
  if (result.data === undefined) for (const error of errors) blameRequest(error);
  return { ...result, errors };
};

/** Sets status 400: nothing ran because of the request. Yoga would blame the server for an error that a subscription's field throws. */
const blameRequest = ({ extensions }: GraphQLError): void => {
  if (extensions.code === 'BAD_USER_INPUT') extensions.http ??= { status: 400 };
};

const codeOf = (code: unknown): string => (typeof code !== 'string' || MALFORMED.has(code) ? 'BAD_USER_INPUT' : code);

/** A result as sent: its errors masked, logged, and without what was only for the HTTP answer. */
export const resultForClient = (result: ExecutionResult, caller: Caller, logger: Logger): FormattedExecutionResult =>
  formatResult(
    result.errors ? { ...result, errors: finishErrors(result.errors.map(maskError), caller, logger) } : result,
  );

export const formatResult = ({ errors, ...result }: ExecutionResult): FormattedExecutionResult => ({
  ...(errors && { errors: errors.map(formatError) }),
  ...result,
});

/** The error as sent, without what was only for the HTTP answer. */
export const formatError = (error: GraphQLError): GraphQLFormattedError => {
  const { extensions, ...formatted } = error.toJSON();
  const { http: _http, unexpected: _unexpected, ...rest } = extensions ?? {};
  return { ...formatted, extensions: rest };
};

/** An invalid credential fails the whole request. */
export const unauthenticated = (message: string): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } } },
  });
