/** Assembles one node, and stops its parts in reverse order. Several nodes can run in one process. */
import { createMemoryBus } from './bus/memory.js';
import { createMemoryRateLimits } from './bus/memory-rate-limits.js';
import { createMemoryOnline } from './bus/online-registry.js';
import { createRedisOnline } from './bus/redis-online.js';
import { createMemoryPlaces } from './bus/memory-places.js';
import { createRedisPlaces } from './bus/redis-places.js';
import { createRedisBus, type RedisBus } from './bus/redis.js';
import { createRedisRateLimits } from './bus/redis-rate-limits.js';
import { isLoopback, type Config } from './config.js';
import { UnavailableError, type Database } from './db/database.js';
import { checkClock } from './db/clock.js';
import { readIdentity } from './db/identity.js';
import { mustPass, openDatabase } from './db/open.js';
import { seedDemo } from './demo/seed-demo.js';
import { welcome } from './demo/welcome.js';
import { hasAdministrator } from './domain/accounts/administration.js';
import { prepareDatabase } from './domain/accounts/prepare-database.js';
import { agreeOnSecrets, OTHER_SECRET } from './domain/accounts/token-secrets.js';
import type { TokensOptions } from './domain/accounts/tokens.js';
import { createDomain } from './domain/domain.js';
import { startFilling } from './domain/search/filling.js';
import { startFileSweep } from './domain/files/file-sweep.js';
import { MB } from './domain/files/file-room.js';
import { readClamdUrl } from './clamd-url.js';
import { StoreUnavailableError } from './files/file-store.js';
import { openFileStore } from './files/open-store.js';
import { createPictures } from './files/pictures.js';
import { createScanner } from './files/scanner.js';
import { createContext, type Services } from './graphql/context.js';
import { createLimits } from './graphql/limits.js';
import { schema } from './graphql/schema.js';
import { variableErrors } from './graphql/variables.js';
import { startRetention } from './log/retention.js';
import { createRounds } from './log/rounds.js';
import { countLines } from './counted-logger.js';
import { standardOutput } from './line-output.js';
import { tell } from './finding.js';
import type { Logger } from './log-line.js';
import { checkOpenFiles, checkRoom } from './machine.js';
import { createTally } from './meters.js';
import { createExposition } from './metrics/exposition.js';
import type { Figures } from './metrics/figures.js';
import { createMetricsServer, type MetricsServer } from './metrics/metrics-server.js';
import { keptSecret, tokenSecretFile } from './secret.js';
import { createTellArrival } from './server/arrival.js';
import { createGraphiql } from './server/graphiql.js';
import { findTalker } from './server/graphiql-talker.js';
import { withoutIntrospection } from './server/introspection.js';
import { watchOpenFiles } from './server/open-files.js';
import { createServer } from './server/server.js';
import { readTrustedKeys } from './trusted-keys.js';
import { readVersion } from './version.js';

export interface App {
  /** Known once it listens. */
  readonly url: string;
  /** The URL that Prometheus scrapes. Known once it listens; undefined if metrics are off. */
  readonly metricsUrl: string | undefined;
  /** What to print for a person who starts the node by hand. Known once it listens. */
  readonly welcome: string;
  listen(): Promise<void>;
  /** Resolves once all requests are answered and everything is closed. */
  stop(): Promise<void>;
}

const ROUND_MS = 1000;

/**
 * Opens and migrates the database and assembles the node. The node listens once `listen` is called.
 *
 * @throws UnavailableError, FolderInUseError, MigrationError and others that `failure.ts` knows, after closing everything again
 */
export const createApp = async (config: Config, logger: Logger): Promise<App> => {
  /** What to close, last opened first. */
  const opened: (() => unknown)[] = [];
  const closing = <Thing>(thing: Thing, close: (thing: Thing) => unknown): Thing => {
    opened.push(() => close(thing));
    return thing;
  };
  const close = async () => {
    for (let next = opened.pop(); next !== undefined; next = opened.pop()) await next();
  };

  try {
    return await build(config, logger, closing, close);
  } catch (error) {
    await close().catch((closeError: unknown) => logger.error({ error: closeError }, 'Closing failed'));
    throw error;
  }
};

type Closing = <Thing>(thing: Thing, close: (thing: Thing) => unknown) => Thing;

const build = async (config: Config, lines: Logger, closing: Closing, close: () => Promise<void>): Promise<App> => {
  const alerts = createTally();
  const logger = countLines(lines, alerts);
  // Background work that fails because the database is away is retried, so it is no bug.
  const onError = (error: unknown) => {
    if (error instanceof UnavailableError || error instanceof StoreUnavailableError)
      logger.warn({ error }, 'Unavailable');
    else logger.error({ error }, 'Fault');
  };
  // Before opening anything, so that a wrong setting is reported at once.
  const trustedKeys = config.trustedKey === undefined ? undefined : readTrustedKeys(config.trustedKey);
  const db = closing(await open(config, logger), (database) => database.close());
  // Shared by all nodes of an installation, and unique to it: several installations may share a Redis.
  const prefix = `parley:${await readIdentity(db, config.databaseUrl)}`;
  const redis = config.redisUrl === undefined ? undefined : connect(config.redisUrl, prefix, logger);
  const bus = closing(redis ?? createMemoryBus(onError), (it) => it.close());
  logger.info({ database: db.kind, bus: redis ? 'redis' : 'in-process' }, describe(db, redis));

  const rateLimitStore = redis
    ? createRedisRateLimits({ redis: redis.commands, prefix, isAble: () => redis.isAble('limits') })
    : createMemoryRateLimits();
  closing(rateLimitStore, (it) => it.close());
  const sharedPlaces =
    redis && createRedisPlaces({ redis: redis.commands, prefix, isAble: () => redis.isAble('places') });
  const placeRegistry = closing(sharedPlaces ?? createMemoryPlaces(), (it) => it.close());
  const sharedOnline =
    redis &&
    config.presence &&
    createRedisOnline({ redis: redis.commands, prefix, isAble: () => redis.isAble('places') });
  const onlineRegistry = closing(sharedOnline || createMemoryOnline(), (it) => it.close());
  const rounds = closing(await createRounds(db, { intervalMs: ROUND_MS, onError }), (it) => it.stop());
  const secrets = await secretsOf(db, config, logger);
  const fileStore = await openFileStore(config);
  const clamd = config.clamdUrl === undefined ? undefined : readClamdUrl(config.clamdUrl);
  const scanner = clamd && createScanner(clamd);
  const ports = {
    db,
    bus,
    rounds,
    rateLimitStore,
    placeRegistry,
    onlineRegistry,
    fileStore,
    pictures: createPictures(),
    scanner,
  };
  const domain = closing(
    createDomain(ports, {
      settings: config,
      secrets,
      trusted: trustedKeys && {
        keys: trustedKeys,
        issuer: config.trustedIssuer!,
        audience: config.trustedAudience,
        userClaim: config.trustedUserClaim,
      },
      onError,
      onReuse: (reused) => logger.warn({ ...reused }, 'A used refresh token was shown: its session is ended'),
    }),
    (it) => it.close(),
  );
  await domain.start();
  closing(startRetention(db, { days: config.logRetentionDays, onError }), (stop) => stop());
  closing(startFileSweep(db, fileStore, { onError }), (stop) => stop());

  const version = readVersion();
  const services: Services = {
    ...domain,
    mutations: createTally(),
    server: {
      name: config.serverName,
      version,
      passwordLogin: config.passwordLogin,
      directChats: config.directChats,
      groupCreators: config.groupCreators,
      messageMaxLength: config.messageMaxLength,
      messagesPerMinute: config.messagesPerMinute,
      maxAttachmentBytes: config.attachmentMaxMb * MB,
    },
  };

  const demo = await seedDemo({ config, db, store: fileStore, passwords: domain.passwords });
  // After the demo data, which it finds at once.
  closing(startFilling(db, { onError }), (stop) => stop());
  const isAdministered = await hasAdministrator(db);
  const talker = demo && (await findTalker(demo, domain));
  // Opened before the server, so closed after it: metrics cover the shutdown too.
  const metrics = await createMetrics(
    config,
    {
      sockets: () => server.figures.sockets(),
      subscriptions: () => server.figures.subscriptions(),
      operations: () => server.figures.operations(),
      slowOperations: () => server.figures.slowOperations(),
      version,
      mutations: services.mutations.counts,
      sends: domain.log.outcomes.counts,
      sendQueue: domain.log.waiting,
      faults: () => alerts.counts().get('Fault') ?? 0,
      unavailable: () => alerts.counts().get('Unavailable') ?? 0,
      connections: () => db.connections(),
      roundAgeSeconds: () => rounds.ageMs() / 1000,
      followedChats: domain.tail.followedChats,
      gapReads: domain.tail.gapReads,
      deliveryLag: () => domain.tail.lag,
      resyncs: domain.streams.resyncs.counts,
      places: () => domain.places.size(),
      isRedisConnected: () => redis && redis.state === 'connected',
      droppedLogLines: standardOutput().dropped,
      uploads: domain.uploads.outcomes.counts,
      uploadsUnderway: domain.uploads.underway,
      storedBytes: domain.uploads.storedBytes,
      sentBytes: domain.attachments.sentBytes,
    },
    onError,
  );
  closing(metrics, (it) => it?.stop());
  const server = closing(
    createServer({
      ...config,
      isLoopback: isLoopback(config.host),
      api: {
        schema,
        plugins: [...createLimits(config.introspection), ...(config.introspection ? [] : [withoutIntrospection])],
        variableErrors: (args) => variableErrors(args, !config.introspection),
        createContext: (request) => createContext(request, services, db.prisma),
      },
      authentication: domain.authentication,
      arrive: (userId) => domain.online.arrive(userId),
      uploads: domain.uploads,
      attachments: domain.attachments,
      avatars: domain.avatars,
      databaseState: () => db.state(),
      version,
      tellArrival: createTellArrival({
        secrets: [secrets.secret, ...(secrets.old === undefined ? [] : [secrets.old.secret])],
        version,
        trustProxy: config.trustProxy,
      }),
      graphiql: config.graphiql ? createGraphiql(talker) : undefined,
      logger,
    }),
    (it) => it.stop(),
  );

  closing(watchOpenFiles(logger), (stopWatching) => stopWatching());

  let stopped: Promise<void> | undefined;
  return {
    get metricsUrl() {
      return metrics?.url;
    },
    get url() {
      return server.url;
    },
    get welcome() {
      const isShared = db.kind === 'postgresql';
      const { graphiql, introspection, passwordLogin } = config;
      const off = [...(graphiql ? [] : ['GRAPHIQL']), ...(introspection ? [] : ['INTROSPECTION'])];
      const isColored = process.stdout.isTTY;
      return welcome({
        url: server.url,
        isShared,
        graphiql,
        hidden: isLoopback(config.host) ? [] : off,
        passwordLogin,
        hasAdministrator: isAdministered,
        demo,
        isColored,
      });
    },
    listen: async () => {
      await metrics?.listen();
      await server.listen();
    },
    stop: () => (stopped ??= close()),
  };
};

const createMetrics = async (
  { metricsPort: port, metricsHost: host }: Config,
  figures: Figures,
  onError: (error: unknown) => void,
): Promise<MetricsServer | undefined> =>
  port === undefined
    ? undefined
    : createMetricsServer({ host, port, exposition: await createExposition(figures), onError });

const open = async (config: Config, logger: Logger): Promise<Database> => {
  const db = await openDatabase(config, (error) => logger.warn({ error }, 'Connection to the database lost'));
  try {
    const onWarning = (text: string) => logger.warn(text);
    await mustPass(db, ['read only', 'durability', 'connections'], config, onWarning);
    // The cheap checks of `parley doctor`.
    for (const finding of [
      checkOpenFiles(),
      await (db.kind === 'embedded' ? checkRoom(config.dataDir) : checkClock(db)),
    ])
      if (finding.outcome !== 'ok') onWarning(tell(finding));
    const onWait = () => logger.info('Waiting for another process to finish its migrations');
    const migrations = await prepareDatabase(db, { onWait, onWarning });
    if (migrations.length > 0) logger.info({ migrations }, 'Migrated');
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
};

const secretsOf = async (
  db: Database,
  { tokenSecret, tokenSecretOld: oldSecret, dataDir }: Config,
  logger: Logger,
): Promise<Pick<TokensOptions, 'secret' | 'old'>> => {
  const secret = tokenSecret ?? (await keptSecret(dataDir, tokenSecretFile));
  const { outcome, oldSignsForMs } = await agreeOnSecrets(db, { secret, oldSecret });
  if (outcome === 'other') logger.warn(OTHER_SECRET);
  if (oldSignsForMs > 0)
    logger.info(
      { seconds: Math.ceil(oldSignsForMs / 1000) },
      'TOKEN_SECRET_OLD signs until every node knows the new one',
    );
  return { secret, old: oldSecret === undefined ? undefined : { secret: oldSecret, signsForMs: oldSignsForMs } };
};

const connect = (url: string, prefix: string, logger: Logger): RedisBus =>
  createRedisBus({
    url,
    prefix,
    onState: (state, error) => {
      if (state === 'connected') logger.info('Redis connected');
      else
        logger.warn({ error }, 'Redis is away: nodes find each other’s events by polling the database once a second');
    },
    onWarning: (warning) => {
      if (warning === undefined) logger.info('Redis does all that is asked of it again');
      else logger.warn(warning);
    },
    onError: (error) => logger.error({ error }, 'Fault'),
  });

const describe = (db: Database, redis: RedisBus | undefined): string => {
  if (redis !== undefined)
    return `${db.kind === 'embedded' ? 'Embedded database' : 'PostgreSQL'}, and Redis as the bus between nodes`;
  if (db.kind === 'embedded') return 'Embedded database and in-process bus: one node';
  return 'PostgreSQL without REDIS_URL: one node with an in-process bus; several nodes find each other’s events by polling the database once a second';
};
