/** Arguments that no well-made client sends: a page of both directions, a cursor that is none. A top-level BAD_USER_INPUT. */
export class BadUserInputError extends Error {
  override name = 'BadUserInputError';
}
