// On SIGUSR2 a process writes one line: what it holds once everything that nobody needs is collected.
process.on('SIGUSR2', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  const waitingSockets = process._getActiveHandles().filter((handle) => handle.writableLength > 0).length;
  process.stdout.write(
    `${JSON.stringify({ holdings: { heapUsed, external, rss, resources, listeners, waitingSockets } })}\n`,
  );
});
