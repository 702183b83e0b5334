/** One question over HTTP, and how it came out: as the contract has it, a client that heard nothing knows nothing. */
import type { Outcome } from '../history.js';
import type { Place } from './place.js';

export interface Answer {
  data?: Record<string, Fields | null> | null;
  errors?: { message: string; extensions?: Record<string, unknown> }[];
}

export type Fields = { __typename?: string } & Record<string, unknown>;

/** Longer than any answer may take. */
export const ANSWER_WITHIN_MS = 8000;

/** @throws where there was no answer */
export const ask = async (
  place: Place,
  token: string | null,
  query: string,
  variables: Record<string, unknown>,
): Promise<Answer> => {
  const response = await fetch(place.endpoint, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/json',
      ...(token !== null && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  return (await response.json()) as Answer;
};

/**
 * A mutation's outcome. Only a member of its union that is no success is a refusal; so is a request that was refused as such.
 *
 * @param read what of the success is kept
 */
export const outcomeOf = <Result>(answer: Answer, read: (success: Fields) => Result): Outcome<Result> => {
  const error = answer.errors?.[0];
  if (error !== undefined) {
    const code = String(error.extensions?.code);
    return REFUSALS.has(code) ? { kind: 'fail', code } : { kind: 'unknown' };
  }
  const payload = Object.values(answer.data ?? {})[0];
  if (payload === null || payload === undefined) return { kind: 'unknown' };
  const { __typename: type = '' } = payload;
  return type.endsWith('Success') ? { kind: 'ok', ...read(payload) } : { kind: 'fail', code: type };
};

const REFUSALS = new Set(['UNAUTHENTICATED', 'BAD_USER_INPUT', 'TOO_COMPLEX', 'GRAPHQL_VALIDATION_FAILED']);

/** Asks until it is answered without an error, for what is not under test: setting up, and reading at the end. */
export const askPatiently = async (
  place: () => Place,
  token: string | null,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<Record<string, Fields | null>> => {
  const giveUpAt = performance.now() + 60_000;
  for (;;) {
    let problem: unknown;
    try {
      const { data, errors } = await ask(place(), token, query, variables);
      if (data && !errors) return data;
      problem = JSON.stringify(errors);
    } catch (error) {
      problem = error;
    }
    if (performance.now() > giveUpAt) throw new Error(`No answer: ${String(problem)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
};
