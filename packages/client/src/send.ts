/** Sends a message exactly once, with as many retries as that takes. */
import { rateLimitedMs, retryAfterMs } from './refusal.js';

export interface UntilAnsweredOptions {
  /** Called before each retry, with the thrown error or, for a rate limit, the answer. Return false to give up. */
  isWorthwhile?: (what: unknown) => boolean;
  /** Also retries on a RateLimitedError, after its `retryAfterMs`, which must be selected. */
  waitsForRateLimit?: boolean;
}

/**
 * Repeats a mutation until there is an answer. Without an answer the outcome is unknown: the connection was lost, the request timed
 * out, or the server said UNAVAILABLE. The mutation must carry a `clientMessageId` that is created once per message and kept
 * with it; the server accepts a key once, and answers a retry with the message it accepted.
 *
 * @param ask throws, or rejects, if there is no answer
 */
export const untilAnswered = async <Answer>(
  ask: () => Promise<Answer>,
  { isWorthwhile = () => true, waitsForRateLimit = false }: UntilAnsweredOptions = {},
): Promise<Answer> => {
  for (let tries = 0; ; tries += 1) {
    let told: number | null;
    try {
      const answer = await ask();
      told = waitsForRateLimit ? rateLimitedMs(answer) : null;
      if (told === null || !isWorthwhile(answer)) return answer;
    } catch (error) {
      told = retryAfterMs(error);
      if ((told === null && isAnswer(error)) || !isWorthwhile(error)) throw error;
    }
    // Randomised, so that clients do not all retry at once; never earlier than the server's `retryAfterMs`.
    const wait =
      told === null
        ? Math.min(MAX_WAIT_MS, 100 * 2 ** tries) * (0.5 + Math.random() / 2)
        : told * (1 + Math.random() / 4);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
};

const MAX_WAIT_MS = 5000;

/** The server understood the request and refused it: the error has a code, unlike a network failure. */
const isAnswer = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  if (isRefusal(error as Record<string, unknown>)) return true;
  const { graphQLErrors, errors, extensions } = error as Record<string, unknown>;
  const list = Array.isArray(error) ? error : (graphQLErrors ?? errors);
  return (Array.isArray(list) && list.length > 0) || extensions !== undefined;
};

/** The socket was refused for good, or nobody is signed in: in the forms that graphql-ws, urql and Apollo pass on. */
const isRefusal = ({ code, networkError, message }: Record<string, unknown>): boolean =>
  code === 4401 ||
  code === 4403 ||
  (typeof networkError === 'object' && networkError !== null && isRefusal(networkError as Record<string, unknown>)) ||
  /^Socket closed with event 440[13] /.test(String(message));
