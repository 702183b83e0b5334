/**
 * Which tests run where. A name that ends with a slash is a folder with all that is below it, and a longer name goes before a
 * shorter one. What is named nowhere is `database`'s.
 */
interface Project {
  /** Given a process of its own each: for what changes or measures what all files of a process share. */
  isolate: boolean;
  /** Without PostgreSQL and Redis, with them, or both. */
  runs: 'embedded' | 'services' | 'both';
  tests: readonly string[];
}

export const projects: Record<string, Project> = {
  /** Without a database. */
  pure: {
    isolate: false,
    runs: 'embedded',
    tests: [
      'architecture',
      'bus/memory',
      'bus/memory-rate-limits',
      'cli/chat/conversation',
      'cli/chat/text',
      'client/messages',
      'config',
      'coverage',
      'db/byte-order-mark',
      'db/gather',
      'db/migration-policy',
      'db/split-script',
      'demo/welcome',
      'deployment',
      'docs',
      'docs/clients',
      'docs/errors',
      'docs/react',
      'docs/tasks',
      'domain/accounts/passwords',
      'domain/accounts/trusted-tokens',
      'domain/chats/chat-titles',
      'domain/keys',
      'domain/metadata',
      'domain/rules/asked-chats',
      'domain/rules/presence',
      'domain/streams/chat-reader',
      'domain/streams/outbox',
      'domain/streams/places',
      'domain/streams/typists',
      'domain/search/windows',
      'domain/text',
      'domain/words',
      'failure',
      'faults/',
      'graphql/credential',
      'graphql/event-ids',
      'graphql/event-context',
      'graphql/event-source',
      'graphql/global-id',
      'log/cursor',
      'log/mark',
      'log/send-queue',
      'logger',
      'meters',
      'projects',
      'server/byte-range',
      'settings-page',
      'tooling/',
    ],
  },
  /** What happens before a database or Redis comes into it. */
  server: {
    isolate: false,
    runs: 'embedded',
    tests: [
      'docs/from-rest',
      'docs/products',
      'examples/collection',
      'files/',
      'server/answer-size',
      'server/event-ids',
      'server/frame',
      'server/graphiql',
      'server/introspection',
      'server/logging',
      'server/malformed-tokens',
      'server/operation-ids',
      'server/origins',
      'server/persisted-queries',
      'server/proxy-notice',
      'server/requests',
      'server/shared-bytes',
    ],
  },
  /** Starts processes, and changes nothing in its own. */
  processes: {
    isolate: false,
    runs: 'embedded',
    tests: [
      'cli/',
      'db/embedded',
      'demo/',
      'domain/accounts/rekey-accounts',
      'examples/',
      'graphql/schema',
      'log-sinks',
      'process',
      'secret',
      'serve',
      'server/killed-uploads',
    ],
  },
  embedded: {
    isolate: true,
    runs: 'embedded',
    tests: [
      'client/connection',
      'client/follow',
      'client/package',
      'client/session',
      'line-output',
      'metrics',
      'server/carriers',
      'server/document-cache',
      'server/least-rate',
      'server/slow-readers',
    ],
  },
  database: { isolate: false, runs: 'both', tests: [''] },
  /** As `processes`, with PostgreSQL and Redis. */
  installations: {
    isolate: false,
    runs: 'services',
    tests: ['services/cli/', 'services/domain/', 'services/log/', 'services/nodes/'],
  },
  nodes: { isolate: true, runs: 'services', tests: ['services/'] },
};

/** @param path from the root */
export const projectOf = (path: string): string => {
  const name = path.replace(/^test\//, '').replace(/\.test\.ts$/, '');
  const entries = Object.entries(projects).flatMap(([project, { tests }]) => tests.map((test) => ({ project, test })));
  const fitting = entries.filter(
    ({ test }) => test === name || ((test === '' || test.endsWith('/')) && name.startsWith(test)),
  );
  return fitting.sort((one, other) => other.test.length - one.test.length)[0]!.project;
};
