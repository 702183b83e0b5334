// So many operations at any time, for so long or until so many are done.

/**
 * @param {{ seconds?: number, count?: number }} until
 * @param {number} underway
 * @param {(worker: number) => Promise<void>} act
 * @returns {Promise<{ count: number, seconds: number, p50: number, p99: number }>} latencies in ms
 */
export const keepUnderway = async ({ seconds = Infinity, count = Infinity }, underway, act) => {
  const latencies = [];
  let begunCount = 0;
  const begun = performance.now();
  const end = begun + seconds * 1000;
  await Promise.all(
    Array.from({ length: underway }, async (_none, worker) => {
      for (let now = performance.now(); now < end && begunCount < count; now = performance.now()) {
        begunCount += 1;
        await act(worker);
        latencies.push(performance.now() - now);
      }
    }),
  );
  const took = (performance.now() - begun) / 1000;
  latencies.sort((one, other) => one - other);
  const at = (share) => latencies[Math.floor((latencies.length - 1) * share)] ?? NaN;
  return { count: latencies.length, seconds: took, p50: at(0.5), p99: at(0.99) };
};
