/** Arguments that a correct client never sends: `first` with `last`, a malformed cursor. A top-level BAD_USER_INPUT. */
export class BadUserInputError extends Error {
  override name = 'BadUserInputError';
}
