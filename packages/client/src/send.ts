/** Sends a message once, however often that takes. */
import { rateLimitedMs, retryAfterMs } from './refusal.js';

export interface UntilAnsweredOptions {
  /** Asked before each repetition, with what was thrown or, where a rate limit is waited for, the answer. False gives up. */
  isWorthwhile?: (what: unknown) => boolean;
  /** RateLimitedError is no answer either: waits its `retryAfterMs`, which has to be selected. */
  waitsForRateLimit?: boolean;
}

/**
 * Repeats a mutation until there is an answer. Without one it is unknown whether it happened: the connection was lost, the time was
 * up, or the server said UNAVAILABLE. What is repeated must carry its own `clientMessageId`, made once for each message and kept
 * with it; the server takes a key once, and then answers with what it took.
 *
 * @param ask throws, or rejects, where there is no answer
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
    // Drawn by lot, so that not everybody comes again at once; never before the time that the server named.
    const wait =
      told === null
        ? Math.min(MAX_WAIT_MS, 100 * 2 ** tries) * (0.5 + Math.random() / 2)
        : told * (1 + Math.random() / 4);
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
};

const MAX_WAIT_MS = 5000;

/** The server understood it and said no: with a code, as against a network that failed. */
const isAnswer = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  if (isRefusal(error as Record<string, unknown>)) return true;
  const { graphQLErrors, errors, extensions } = error as Record<string, unknown>;
  const list = Array.isArray(error) ? error : (graphQLErrors ?? errors);
  return (Array.isArray(list) && list.length > 0) || extensions !== undefined;
};

/** The socket was refused for good, or nobody is signed in: as graphql-ws, urql and Apollo hand it on. */
const isRefusal = ({ code, networkError, message }: Record<string, unknown>): boolean =>
  code === 4401 ||
  code === 4403 ||
  (typeof networkError === 'object' && networkError !== null && isRefusal(networkError as Record<string, unknown>)) ||
  /^Socket closed with event 440[13] /.test(String(message));
