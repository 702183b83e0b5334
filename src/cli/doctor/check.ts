import { exitCodes } from '../../exit-codes.js';
import { asFailure } from '../../failure.js';
import type { Finding } from '../../finding.js';

/** A finding of `parley doctor`. */
export interface Check extends Finding {
  /** What was checked, in a word or two. */
  name: string;
  /** The exit code of a start that this finding would prevent. */
  code?: number;
}

interface Failing {
  /** The exit code if the check refuses. */
  code?: number;
  /** The remedy if the check could not run. */
  remedy?: string;
}

/** Runs a check. If it throws, the finding says why. */
export const attempt = async (
  name: string,
  look: () => Finding | Promise<Finding>,
  { code = exitCodes.databaseState, remedy }: Failing = {},
): Promise<Check> => {
  try {
    return { name, code, ...(await look()) };
  } catch (error) {
    const { line, exitCode } = asFailure(error);
    const sentence = line.trim().split('\n')[0]!;
    return { name, outcome: 'refusal', sentence, code: exitCode, ...(remedy !== undefined && { remedy }) };
  }
};
