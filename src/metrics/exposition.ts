/** A node's metrics in Prometheus' format. */
import type * as Prometheus from 'prom-client';
import type { Histogram } from '../meters.js';
import type { Figures } from './figures.js';

export interface Exposition {
  contentType: string;
  render(): Promise<string>;
}

type Library = typeof Prometheus;
type Labels = Record<string, string>;

// Gauges with names of counters, which `promtool check metrics` rejects.
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

/** With its own registry, because one process may run several nodes. */
export const createExposition = async (figures: Figures): Promise<Exposition> => {
  // Loaded only if metrics are on: it takes 0.2 s.
  const { default: library } = (await import('prom-client')) as unknown as { default: Library };
  const registry = new library.Registry();
  library.collectDefaultMetrics({ register: registry });
  for (const name of MISNAMED) registry.removeSingleMetric(name);
  describe(createMakers(library, registry), figures);
  return { contentType: registry.contentType, render: () => registry.metrics() };
};

type Makers = ReturnType<typeof createMakers>;

const describe = ({ gauge, gauges, counter, counters, histogram, histograms }: Makers, figures: Figures) => {
  gauges('parley_build_info', 'The version of this node: always 1.', ['version'], () => [
    [{ version: figures.version }, 1],
  ]);

  gauge('parley_sockets', 'Open WebSockets.', figures.sockets);
  gauges('parley_subscriptions', 'Open subscriptions.', ['field', 'transport'], () =>
    labelled(figures.subscriptions(), 'field', 'transport'),
  );
  histograms(
    'parley_operation_duration_seconds',
    'Time from the request to the answer; for a subscription, until it began.',
    () => labelled(figures.operations(), 'type', 'field'),
  );
  counter('parley_slow_operations_total', 'Operations that took longer than SLOW_MS.', figures.slowOperations);
  counters('parley_mutations_total', 'Mutations by outcome.', ['field', 'outcome'], () =>
    labelled(figures.mutations(), 'field', 'outcome'),
  );
  counter('parley_faults_total', 'Bugs. Each is logged at level error.', figures.faults);
  counter(
    'parley_unavailable_total',
    'Times the database was unavailable or too slow, for a request or in the background.',
    figures.unavailable,
  );

  counters('parley_sends_total', 'Messages that reached the log, by outcome.', ['outcome'], () =>
    labelled(figures.sends(), 'outcome'),
  );
  gauge('parley_send_queue', 'Messages waiting for their SQL statement.', figures.sendQueue);
  histogram(
    'parley_delivery_lag_seconds',
    "Time from an event's timestamp to its delivery to followers on this node, by both machines' clocks.",
    figures.deliveryLag,
  );
  gauge('parley_followed_chats', 'Chats that somebody follows on this node.', figures.followedChats);
  counter(
    'parley_gap_reads_total',
    'Times the log was read because a bell had not brought the events.',
    figures.gapReads,
  );
  counters('parley_resyncs_total', 'Times a client was told to read a chat again.', ['reason'], () =>
    labelled(figures.resyncs(), 'reason'),
  );
  gauge('parley_places', 'Places that connections hold in chats.', figures.places);

  gauge(
    'parley_round_age_seconds',
    'Time since the last successful poll of the database; there is one a second.',
    figures.roundAgeSeconds,
  );
  if (figures.connections() !== null) {
    const connections = () => figures.connections()!;
    gauges('parley_database_connections', "The pool's connections.", ['state'], () => {
      const { open, idle } = connections();
      return [
        [{ state: 'used' }, open - idle],
        [{ state: 'idle' }, idle],
      ];
    });
    gauge('parley_database_connections_max', 'DATABASE_POOL_SIZE.', () => connections().most);
    gauge('parley_database_waiting', 'SQL statements waiting for a connection.', () => connections().waiting);
  }
  if (figures.isRedisConnected() !== undefined) {
    gauge('parley_redis_connected', '1 while Redis is connected, otherwise 0.', () =>
      Number(figures.isRedisConnected()),
    );
  }
  counters('parley_uploads_total', 'Uploads received, by outcome.', ['outcome'], () =>
    labelled(figures.uploads(), 'outcome'),
  );
  gauge('parley_uploads_underway', 'Uploads being received.', figures.uploadsUnderway);
  counter('parley_file_bytes_stored_total', 'Bytes of files stored, without thumbnails.', figures.storedBytes);
  counter('parley_file_bytes_sent_total', 'Bytes of files sent, counted when an answer begins.', figures.sentBytes);
  counter('parley_log_lines_dropped_total', 'Log lines dropped because nobody read them.', figures.droppedLogLines);
};

/** One value for each name. The name's words, separated by spaces, are the label values. */
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
      // The node's parts count; this only copies their totals.
      collect(this: Prometheus.Counter) {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });

  // The library's own histogram accepts only single observations, not totals.
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

/** In Prometheus' format: each bucket includes all lower ones. */
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
