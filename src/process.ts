/** The lifecycle of a serving process: start, signals, exit code. */
import { constants } from 'node:os';
import { exitCodes } from './exit-codes.js';
import { asFailure } from './failure.js';
import { standardError } from './line-output.js';
import type { Logger } from './log-line.js';

/** A service that the process starts and stops. */
export interface Service {
  /** Resolves once it serves. */
  listen(): Promise<void>;
  /** Resolves once everything is finished and closed. May be called even if `listen` failed or has not returned. */
  stop(): Promise<void>;
}

interface ProcessOptions<Running extends Service> {
  logger: Logger;
  /** How long `stop` may take before the process exits anyway. */
  stopWithinMs: number;
  /** Called once it serves. */
  onListening?: (service: Running) => void;
}

// Ctrl-C in a terminal signals the process twice: from the terminal and, a moment later, from the npm that started it.
const SAME_KEY_PRESS_MS = 150;

/** Runs `create`'s service until SIGTERM, SIGINT or its failure, then exits the process. */
export const runService = async <Running extends Service>(
  create: () => Promise<Running>,
  { logger, stopWithinMs, onListening }: ProcessOptions<Running>,
): Promise<void> => {
  let service: Running | undefined;
  let stoppingSince: number | undefined;

  // Armed before anything that could hang.
  const endWithin = (milliseconds: number) =>
    setTimeout(() => {
      logger.error({ milliseconds }, 'Stopping took too long');
      process.exit(exitCodes.unexpected);
    }, milliseconds);

  const stop = async (): Promise<number> => {
    try {
      // Without a service nothing was promised yet, and a half-finished start must survive a SIGKILL in any case.
      await service?.stop();
      logger.info('Stopped');
      return exitCodes.done;
    } catch (error) {
      logger.error({ error }, 'Stopping failed');
      return exitCodes.unexpected;
    }
  };

  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    const now = performance.now();
    if (stoppingSince !== undefined) {
      if (signal === 'SIGINT' && now - stoppingSince < SAME_KEY_PRESS_MS) return;
      process.exit(128 + constants.signals[signal]);
    }
    stoppingSince = now;
    endWithin(stopWithinMs);
    logger.info({ signal }, 'Stopping');
    void stop().then((code) => process.exit(code));
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);

  // The state is unknown now. The log and its readers are built to survive the loss of a node.
  const onUnexpected = (error: unknown) => {
    logger.fatal({ error }, 'Unexpected error: ending');
    process.exit(exitCodes.unexpected);
  };
  process.on('uncaughtException', onUnexpected);
  process.on('unhandledRejection', onUnexpected);

  try {
    service = await create();
    await service.listen();
    if (stoppingSince === undefined) onListening?.(service);
  } catch (error) {
    if (stoppingSince !== undefined) return; // it was stopped while it started
    endWithin(stopWithinMs);
    await service?.stop().catch((stopError: unknown) => logger.error({ error: stopError }, 'Stopping failed'));
    fail(error);
  }
};

/** Reports the error on standard error and exits the process. */
export const fail = (error: unknown): void => {
  const { line, exitCode } = asFailure(error);
  standardError().write(`${line}\n`, true);
  process.exit(exitCode);
};
