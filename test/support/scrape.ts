/** A node's metrics, as Prometheus reads them. */
import type { TestNode } from './node.js';

export const scrape = async ({ metricsUrl }: Pick<TestNode, 'metricsUrl'>): Promise<string> =>
  (await fetch(metricsUrl!)).text();

/** @param series with its labels in the order in which the node writes them; undefined where there is none */
export const valueOf = (text: string, series: string): number | undefined => {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
};
