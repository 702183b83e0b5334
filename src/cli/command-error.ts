import { exitCodes } from '../exit-codes.js';

/** Ends the command with one line for the person and an exit code for the shell. */
export class CommandError extends Error {
  override name = 'CommandError';
  constructor(
    message: string,
    readonly exitCode: number = exitCodes.usage,
  ) {
    super(message);
  }
}
