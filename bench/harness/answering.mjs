// The other side of `child.ts`: answers each request of the bench by the handler of its name.

/** @param {Record<string, (request: any) => unknown>} handlers */
export const answerRequests = (handlers) => {
  process.on('message', async (request) => {
    const { id, what } = request;
    try {
      process.send({ id, answer: await handlers[what](request) });
    } catch (error) {
      process.send({ id, error: String(error?.stack ?? error) });
    }
  });
  process.once('disconnect', () => process.exit());
};
