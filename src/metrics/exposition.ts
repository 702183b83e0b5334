/** A node's figures as Prometheus reads them. */
import type * as Prometheus from 'prom-client';
import type { Histogram } from '../meters.js';
import type { Figures } from './figures.js';

export interface Exposition {
  contentType: string;
  render(): Promise<string>;
}

type Library = typeof Prometheus;
type Labels = Record<string, string>;

// Gauges by names of counters, which `promtool check metrics` refuses.
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** A registry of its own: there may be several nodes in one process. */
export const createExposition = async (figures: Figures): Promise<Exposition> => {
  // Only where somebody wants it: it takes 0.2 s to load.
  const { default: library } = (await import('prom-client')) as unknown as { default: Library };
  const registry = new library.Registry();
  library.collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  describe(createMakers(library, registry), figures);
  return { contentType: registry.contentType, render: () => registry.metrics() };
};

type Makers = ReturnType<typeof createMakers>;

const describe = ({ gauge, gauges, counter, counters, histogram, histograms }: Makers, figures: Figures) => {
  gauges('parley_build_info', 'Which version this node is of: always 1.', ['version'], () => [
    [{ version: figures.version }, 1],
  ]);

  gauge('parley_sockets', 'Open WebSockets.', figures.sockets);
  gauges('parley_subscriptions', 'Open subscriptions.', ['field', 'transport'], () =>
    labelled(figures.subscriptions(), 'field', 'transport'),
  );
  histograms(
    'parley_operation_duration_seconds',
    'Time from the request to the answer; of a subscription until it began.',
    () => labelled(figures.operations(), 'type', 'field'),
  );
  counter('parley_slow_operations_total', 'Operations that took longer than SLOW_MS.', figures.slowOperations);
  counters('parley_mutations_total', 'Mutations by what they answered.', ['field', 'outcome'], () =>
    labelled(figures.mutations(), 'field', 'outcome'),
  );
  counter('parley_faults_total', 'Bugs: each has a log line at level error.', figures.faults);
  counter(
    'parley_unavailable_total',
    'Times the database was away or too slow, for a request or in the background.',
    figures.unavailable,
  );

  counters('parley_sends_total', 'Messages that reached the log, by what became of them.', ['outcome'], () =>
    labelled(figures.sends(), 'outcome'),
  );
  gauge('parley_send_queue', 'Messages that wait for their statement.', figures.sendQueue);
  histogram(
    'parley_delivery_lag_seconds',
    "Time from an event's own time to its being handed to who follows on this node, by both machines' clocks.",
    figures.deliveryLag,
  );
  gauge('parley_followed_chats', 'Chats that somebody follows on this node.', figures.followedChats);
  counter('parley_gap_reads_total', 'Times the log was read since the bell had not brought it.', figures.gapReads);
  counters('parley_resyncs_total', 'Clients that were told to read a chat again.', ['reason'], () =>
    labelled(figures.resyncs(), 'reason'),
  );
  gauge('parley_places', 'Places that connections hold in chats.', figures.places);

  gauge(
    'parley_round_age_seconds',
    'Time since the last look at the database that was answered; there is one a second.',
    figures.roundAgeSeconds,
  );
  if (figures.connections() !== null) {
    const connections = () => figures.connections()!;
    gauges('parley_database_connections', 'Connections of the pool.', ['state'], () => {
      const { open, idle } = connections();
      return [
        [{ state: 'used' }, open - idle],
        [{ state: 'idle' }, idle],
      ];
    });
    gauge('parley_database_connections_max', 'DATABASE_POOL_SIZE.', () => connections().most);
    gauge('parley_database_waiting', 'Statements that wait for a connection.', () => connections().waiting);
  }
  if (figures.isRedisConnected() !== undefined) {
    gauge('parley_redis_connected', '1 while Redis is there, else 0.', () => Number(figures.isRedisConnected()));
  }
  counter('parley_log_lines_dropped_total', 'Log lines that nobody took.', figures.droppedLogLines);
};

/** One value for each name; its words, parted by spaces, are those of the labels. */
const labelled = <Value>(values: ReadonlyMap<string, Value>, ...names: readonly string[]): [Labels, Value][] =>
  [...values].map(([words, value]) => {
    const parts = words.split(' ');
    return [Object.fromEntries(names.map((name, place) => [name, parts[place] ?? ''])), value];
  });

const createMakers = (library: Library, registry: Prometheus.Registry) => {
  const registers = [registry];

  const gauges = (name: string, help: string, labelNames: readonly string[], read: () => [Labels, number][]) =>
    new library.Gauge({
      name,
      help,
      labelNames,
      registers,
      collect(this: Prometheus.Gauge) {
        this.reset();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });

  const counters = (name: string, help: string, labelNames: readonly string[], read: () => [Labels, number][]) =>
    new library.Counter({
      name,
      help,
      labelNames,
      registers,
      // The parts count; here is only told how far.
      collect(this: Prometheus.Counter) {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });

  // The library's own could only be told of each value as it comes, in front of its table of labels.
  const histograms = (name: string, help: string, read: () => [Labels, Histogram][]) => {
    const get = () => ({ name, help, type: 'histogram', values: read().flatMap((one) => valuesOf(name, ...one)) });
    registry.registerMetric({ name, get } as unknown as Prometheus.Metric);
  };

  return {
    gauges,
    counters,
    histograms,
    gauge: (name: string, help: string, read: () => number) => gauges(name, help, [], () => [[{}, read()]]),
    counter: (name: string, help: string, read: () => number) => counters(name, help, [], () => [[{}, read()]]),
    histogram: (name: string, help: string, read: () => Histogram) => histograms(name, help, () => [[{}, read()]]),
  };
};

/** As the format wants them: each bucket with all below it. */
const valuesOf = (name: string, labels: Labels, { bounds, counts, sum }: Histogram) => {
  let count = 0;
  const buckets = counts.map((own, place) => {
    count += own;
    return { metricName: `${name}_bucket`, labels: { ...labels, le: String(bounds[place] ?? '+Inf') }, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
};
