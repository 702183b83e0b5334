/** Errors thrown by the caller's functions are reported to the caller, and must stop nothing here. */

declare const reportError: ((error: unknown) => void) | undefined;

/** Calls a handler. If it throws or rejects, the error is reported. */
export const call = <Arguments extends unknown[]>(
  handler: ((...args: Arguments) => unknown) | undefined,
  ...args: Arguments
): void => {
  try {
    const result = handler?.(...args);
    if (typeof (result as PromiseLike<unknown> | undefined)?.then === 'function') Promise.resolve(result).catch(report);
  } catch (error) {
    report(error);
  }
};

/** In browsers as an uncaught error; elsewhere on the console. */
export const report = (error: unknown): void => {
  if (typeof reportError === 'function') return reportError(error);
  // In Node an uncaught error would end the process.
  // eslint-disable-next-line no-console -- otherwise nobody would know
  console.error(error);
};
