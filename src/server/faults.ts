/**
 * Errors as clients may see them. What the contract names goes through with its code; anything else is a bug: masked, and
 * logged under the request's id.
 */
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { UnavailableError } from '../db/database.js';
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { Logger } from '../log-line.js';
import { idsOf, type Caller } from './caller.js';
import { boundErrors } from './error-bounds.js';

const INTERNAL = 'INTERNAL_SERVER_ERROR';
const MASKED = 'Something went wrong on the server';

// Yoga's and graphql-js' own words for requests that make no sense.
const MALFORMED = new Set(['BAD_REQUEST', 'OPERATION_RESOLUTION_FAILURE', 'REQUEST_ENTITY_TOO_LARGE']);

/** Turns whatever was thrown into what a client may see, keeping the original for the log. */
export const maskError = (error: unknown): GraphQLError => {
  const original = originalOf(error);
  if (original instanceof UnavailableError)
    return copyOf(error, original.message, {
      code: 'UNAVAILABLE',
      retryAfterMs: original.retryAfterMs,
      // Before anything ran, all of the request failed.
      ...(error === original && { http: { status: 503, headers: { 'Retry-After': seconds(original.retryAfterMs) } } }),
    });
  if (original instanceof BadUserInputError) return copyOf(error, original.message, { code: 'BAD_USER_INPUT' });
  // Of the request's own making: JSON in a GET's parameters. Where a resolver throws one, it is wrapped.
  if (error instanceof SyntaxError)
    return new GraphQLError('The request is malformed', {
      extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
    });
  if (original instanceof GraphQLError && error instanceof GraphQLError && isMeant(error)) return error;
  return copyOf(error, MASKED, { code: INTERNAL, unexpected: true });
};

const seconds = (milliseconds: number) => String(Math.ceil(milliseconds / 1000));

/** One with a code was written for clients; one without a path is about the request, before anything ran. */
const isMeant = (error: GraphQLError): boolean => typeof error.extensions.code === 'string' || error.path === undefined;

const originalOf = (error: unknown): unknown => {
  let original = error;
  while (original instanceof GraphQLError && original.originalError) original = original.originalError;
  return original;
};

const copyOf = (error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError =>
  new GraphQLError(message, {
    ...(error instanceof GraphQLError && { nodes: error.nodes, source: error.source, path: error.path }),
    originalError: error instanceof Error ? error : new Error(String(error)),
    extensions,
  });

/**
 * Gives each error the contract's code, a masked one the request's id, and logs what is worth it. Some are changed in place: who
 * answers over HTTP reads the status from them.
 *
 * @returns those to be told: few and short, where the client is to blame for them
 */
export const finishErrors = (errors: readonly GraphQLError[], caller: Caller, logger: Logger): GraphQLError[] => {
  const told = boundErrors(errors);
  for (const { extensions, originalError, path } of told) {
    // Yoga would answer it with 200 where `application/json` is asked for, as it does a document that is wrong.
    if (extensions.code === 'BAD_REQUEST') delete extensions.http?.spec;
    extensions.code = codeOf(extensions.code);
    delete extensions.originalError; // a piece of the body, as JSON.parse quotes it
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

const codeOf = (code: unknown): string => (typeof code !== 'string' || MALFORMED.has(code) ? 'BAD_USER_INPUT' : code);

/** As it goes out, without what was meant for the HTTP answer. */
export const formatError = (error: GraphQLError): GraphQLFormattedError => {
  const { extensions, ...formatted } = error.toJSON();
  const { http: _http, unexpected: _unexpected, ...rest } = extensions ?? {};
  return { ...formatted, extensions: rest };
};

/** A credential that is no good fails the whole request. */
export const unauthenticated = (message: string): GraphQLError =>
  new GraphQLError(message, {
    extensions: { code: 'UNAUTHENTICATED', http: { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } } },
  });
