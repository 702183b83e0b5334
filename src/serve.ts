/** The server as a process. `npm start` and `parley serve` both call it. */
import { createApp } from './app.js';
import { readEnvironment, requireConfig, type Environment } from './config.js';
import { standardOutput } from './line-output.js';
import { createLineLogger } from './logger.js';
import { fail, runService } from './process.js';
import { readVersion } from './version.js';

// How long closing may take after the drain.
const CLOSING_SECONDS = 5;

/**
 * Serves until the process is told to stop, then exits; see `exit-codes.ts`.
 *
 * @param environment the settings; by default the process's environment and `.env`
 */
export const serve = async (environment?: Environment): Promise<void> => {
  try {
    const { config, warnings } = requireConfig(environment ?? readEnvironment());
    const output = standardOutput();
    const logger = createLineLogger(output, { level: config.logLevel, isPretty: process.stdout.isTTY });
    logger.info({ version: readVersion(), node: process.version }, `Parley ${readVersion()}`);
    for (const warning of warnings) logger.warn(warning);

    await runService(() => createApp(config, logger), {
      logger,
      stopWithinMs: (config.drainSeconds + CLOSING_SECONDS) * 1000,
      onListening: ({ url, metricsUrl, welcome }) => {
        logger.info({ url, ...(metricsUrl !== undefined && { metrics: metricsUrl }) }, 'Listening');
        if (welcome !== undefined) output.write(`${welcome}\n`);
      },
    });
  } catch (error) {
    fail(error);
  }
};
