import { exitCodes } from '../../exit-codes.js';
import { asFailure } from '../../failure.js';
import type { Finding } from '../../finding.js';

/** A finding of the doctor's. */
export interface Check extends Finding {
  /** What was looked at, in a word or two. */
  name: string;
  /** What a start would end with, where it would be refused. */
  code?: number;
}

interface Failing {
  /** Of a refusal. */
  code?: number;
  /** Where the check could not be made. */
  remedy?: string;
}

/** Makes a check; where it could not be made, why. */
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
