/**
 * Answers the plain kind of request, a query or mutation as JSON over POST, without the engine. Anything else, and anything that is
 * refused before it runs, is left to the engine, which answers it in its own way: the two differ in nothing but their cost.
 */
import type { ServerResponse } from 'node:http';
import { OperationTypeNode, type ExecutionResult } from 'graphql';
import { processRegularResult } from 'graphql-yoga';
import type { Logger } from '../log-line.js';
import { answerText, NO_STORE } from './answer.js';
import type { Caller } from './caller.js';
import { finishResult } from './faults.js';
import type { Operation, OperationParams, Operations } from './operations.js';
import type { Engine } from './yoga.js';

export interface QuickAnswers {
  /**
   * @param accept the request's header
   * @param body JSON as sent
   * @returns whether it was answered; if not, nothing has run
   */
  answer(response: ServerResponse, accept: string | undefined, body: string, caller: Caller): Promise<boolean>;
}

const PARAMS = new Set(['query', 'variables', 'operationName', 'extensions']);

export const createQuickAnswers = (operations: Operations, engine: Engine, logger: Logger): QuickAnswers => ({
  answer: async (response, accept, body, caller) => {
    const type = mediaTypeOf(accept);
    const params = type === null ? null : paramsOf(body);
    if (type === null || params === null) return false;
    const operation = await operations.prepare(caller, params);
    if (!isOperation(operation) || operation.prepared.definition.operation === OperationTypeNode.SUBSCRIPTION)
      return false;
    const result = await operations.run(operation);
    if (response.destroyed) return true;
    if (result.errors === undefined) answerText(response, 200, JSON.stringify(result), headersOf(type));
    else await answerErrors(response, type, finishResult(result, caller, logger), engine);
    return true;
  },
});

const headersOf = (type: string) => ({ 'Content-Type': `${type}; charset=utf-8`, ...NO_STORE });

/** The status and the headers of errors are the engine's to choose. */
const answerErrors = async (response: ServerResponse, type: string, result: ExecutionResult, engine: Engine) => {
  const answered = processRegularResult(result as never, engine.fetchAPI, type);
  const headers = { ...Object.fromEntries(answered.headers), ...NO_STORE };
  answerText(response, answered.status, await answered.text(), headers);
};

const isOperation = (prepared: Operation | readonly Error[]): prepared is Operation => 'prepared' in prepared;

/** @returns null if anything about them is unusual */
const paramsOf = (body: string): OperationParams | null => {
  let params: Partial<Record<string, unknown>>;
  try {
    params = JSON.parse(body) as typeof params;
  } catch {
    return null;
  }
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return null;
  if (!Object.keys(params).every((name) => PARAMS.has(name))) return null;
  const { query, operationName, variables, extensions } = params;
  const isUsual =
    typeof query === 'string' &&
    (isNothing(operationName) || typeof operationName === 'string') &&
    (isNothing(variables) || isObject(variables)) &&
    (isNothing(extensions) || isObject(extensions));
  return isUsual ? (params as unknown as OperationParams) : null;
};

const isNothing = (value: unknown) => value === null || value === undefined;
const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

const JSON_TYPE = 'application/json';
const RESPONSE_TYPE = 'application/graphql-response+json';

/** The first of ours that is accepted. @returns null if none is, or it is for the engine to say */
const mediaTypeOf = (accept = '*/*'): string | null => {
  // Which charset is accepted.
  if (accept.includes('charset')) return null;
  for (const part of accept.toLowerCase().split(',')) {
    const type = part.split(';', 1)[0]!.trim();
    if (type === RESPONSE_TYPE || type === JSON_TYPE) return type;
    if (type === '*/*' || type === 'application/*') return JSON_TYPE;
  }
  return null;
};
