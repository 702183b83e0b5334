/** Sends a message once, however often that takes. */
import { retryAfterMs } from './refusal.js';

/**
 * Repeats a mutation until there is an answer. Without one it is unknown whether it happened: the connection was lost, the time was
 * up, or the server said UNAVAILABLE. What is repeated must carry its own `clientMessageId`, made once for each message and kept
 * with it; the server takes a key once, and then answers with what it took.
 *
 * @param ask throws, or rejects, where there is no answer
 * @param isWorthwhile asked before each repetition; false gives up with what was thrown
 */
export const untilAnswered = async <Answer>(
  ask: () => Promise<Answer>,
  { isWorthwhile = () => true }: { isWorthwhile?: (error: unknown) => boolean } = {},
): Promise<Answer> => {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask();
    } catch (error) {
      const wait = retryAfterMs(error) ?? (isAnswer(error) ? null : Math.min(LONGEST_WAIT_MS, 100 * 2 ** tries));
      if (wait === null || !isWorthwhile(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
    }
  }
};

const LONGEST_WAIT_MS = 5000;

/** The server understood it and said no: with a code, as against a network that failed. */
const isAnswer = (error: unknown): boolean => {
  if (typeof error !== 'object' || error === null) return false;
  const { graphQLErrors, errors, extensions } = error as Record<string, unknown>;
  const list = Array.isArray(error) ? error : (graphQLErrors ?? errors);
  return (Array.isArray(list) && list.length > 0) || extensions !== undefined;
};
