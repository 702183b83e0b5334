/** One node, put together in one place and stopped in reverse order. Several can run in one process. */
import { createHash } from 'node:crypto';
import { createMemoryBus } from './bus/memory.js';
import { createMemoryRateLimits } from './bus/memory-rate-limits.js';
import { createMemoryPlaces } from './bus/memory-places.js';
import { createRedisPlaces } from './bus/redis-places.js';
import { createRedisBus, type RedisBus } from './bus/redis.js';
import { createRedisRateLimits } from './bus/redis-rate-limits.js';
import { isLoopback, type Config } from './config.js';
import { UnavailableError, type Database } from './db/database.js';
import { findUnsafe, UnsafeDatabaseError } from './db/durability.js';
import { migrate } from './db/migrations.js';
import { openDatabase } from './db/open.js';
import { seedDemo } from './demo/seed-demo.js';
import { welcome } from './demo/welcome.js';
import { createAccounts } from './domain/accounts.js';
import { createApiTokens } from './domain/api-tokens.js';
import { createAuthentication } from './domain/authentication.js';
import { createBrands } from './domain/brands.js';
import { createChats } from './domain/chats.js';
import { createCredentials } from './domain/credentials.js';
import { createEventChats } from './domain/event-chats.js';
import { createMatches } from './domain/matches.js';
import { createMembers } from './domain/members.js';
import { createMessages } from './domain/messages.js';
import { createNotifications } from './domain/notifications.js';
import { createPlaces } from './domain/places.js';
import { createPasswords } from './domain/passwords.js';
import { createRateLimits } from './domain/rate-limits.js';
import { createReadPositions } from './domain/read-positions.js';
import { createRelations } from './domain/relations.js';
import { createSessions } from './domain/sessions.js';
import { createStreams } from './domain/streams.js';
import { createTokens } from './domain/tokens.js';
import { createTrustedTokens } from './domain/trusted-tokens.js';
import { createTrustedUsers } from './domain/trusted-users.js';
import { createTyping } from './domain/typing.js';
import { createUserAdministration } from './domain/user-administration.js';
import { createUsers } from './domain/users.js';
import { createMemberships } from './domain/viewer-chats.js';
import { createContext, type Services } from './graphql/context.js';
import { needsNoCredential } from './graphql/credential.js';
import { limits as documentLimits } from './graphql/limits.js';
import { schema } from './graphql/schema.js';
import { createLog } from './log/log.js';
import { startRetention } from './log/retention.js';
import { createRounds } from './log/rounds.js';
import { createTail } from './log/tail.js';
import type { Logger } from './log-line.js';
import { keptSecret, tokenSecretFile } from './secret.js';
import { createGraphiql } from './server/graphiql.js';
import { findTalker } from './server/graphiql-talker.js';
import { withoutIntrospection } from './server/introspection.js';
import { createServer, ENDPOINT } from './server/server.js';
import { readTrustedKeys } from './trusted-keys.js';

export interface App {
  /** Known once it listens. */
  readonly url: string;
  /** What to tell whoever has started it by hand; known once it listens. */
  readonly welcome: string;
  listen(): Promise<void>;
  /** Resolves once everything in hand is answered and everything is closed. */
  stop(): Promise<void>;
}

const ROUND_MS = 1000;

/**
 * Opens and migrates the database and puts the node together. It listens when it is told to.
 *
 * @throws UnavailableError, FolderInUseError, MigrationError and others that `failure.ts` knows, with everything closed again
 */
export const createApp = async (config: Config, logger: Logger): Promise<App> => {
  /** What to close, the last first. */
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

const build = async (config: Config, logger: Logger, closing: Closing, close: () => Promise<void>): Promise<App> => {
  // What fails in the background because the database is away is tried again: no bug.
  const onError = (error: unknown) => {
    if (error instanceof UnavailableError) logger.warn({ error }, 'Unavailable');
    else logger.error({ error }, 'Fault');
  };
  // Before anything is opened: a setting that is wrong is told at once.
  const trustedKeys = config.trustedKey === undefined ? undefined : readTrustedKeys(config.trustedKey);
  const db = closing(await open(config, logger), (database) => database.close());
  const secret = config.tokenSecret ?? (await keptSecret(config.dataDir, tokenSecretFile));
  // All nodes of an installation share it, and no two installations do: they may share a Redis.
  const prefix = `parley:${createHash('sha256').update(secret).digest('hex').slice(0, 12)}`;
  const redis = config.redisUrl === undefined ? undefined : connect(config.redisUrl, prefix, logger);
  const bus = closing(redis ?? createMemoryBus(onError), (it) => it.close());
  logger.info({ database: db.kind, bus: redis ? 'redis' : 'in-process' }, describe(db, redis));

  const rateLimitStore = redis ? createRedisRateLimits({ redis: redis.commands, prefix }) : createMemoryRateLimits();
  const limits = createRateLimits(
    closing(rateLimitStore, (store) => store.close()),
    config,
  );
  const log = closing(createLog(db, bus), (it) => it.drain());
  const rounds = closing(await createRounds(db, { intervalMs: ROUND_MS, onError }), (it) => it.stop());
  const tail = closing(createTail({ db, bus, rounds }, onError), (it) => it.close());

  const passwords = createPasswords();
  const tokens = createTokens({ secret, accessTokenMinutes: config.accessTokenMinutes });
  const { refreshTokenDays } = config;
  const credentials = closing(createCredentials({ db, bus, onError }), (it) => it.close());
  closing(
    rounds.onMoved(({ sessionIds, userIds, isAfterFailure }) => {
      credentials.changed({ sessionIds, userIds });
      if (isAfterFailure) credentials.recheck();
    }),
    (stopListening) => stopListening(),
  );
  await credentials.start();
  const sessions = createSessions({ db, credentials, tokens, refreshTokenDays });
  const apiTokens = closing(createApiTokens({ db, credentials, onError }), (it) => it.drain());
  const trusted = trustedKeys && {
    tokens: createTrustedTokens({
      keys: trustedKeys,
      issuer: config.trustedIssuer!,
      audience: config.trustedAudience,
      userClaim: config.trustedUserClaim,
    }),
    users: createTrustedUsers(db),
  };
  const authentication = createAuthentication({ credentials, tokens, sessions, apiTokens, trusted });

  const registry = closing(redis ? createRedisPlaces({ redis: redis.commands, prefix }) : createMemoryPlaces(), (it) =>
    it.close(),
  );
  const places = closing(createPlaces({ registry, bus, limit: config.chatConnectionsPerUser, onError }), (it) =>
    it.close(),
  );
  await places.start();
  const users = createUsers(db, config.userDirectory);
  const chats = createChats({ db, log, bus, limits, presence: places, users, directChats: config.directChats });
  const brands = createBrands({ db, log });
  const notifications = createNotifications({ db, bus });
  const memberships = closing(createMemberships({ db, bus, rounds }, onError), (it) => it.close());
  const { logRetentionDays: retentionDays } = config;
  closing(startRetention(db, { days: retentionDays, onError }), (stop) => stop());
  const slowReaderMs = config.slowReaderSeconds * 1000;
  const services: Services = {
    apiTokens,
    accounts: createAccounts({ db, sessions, passwords, limits, passwordLogin: config.passwordLogin }),
    brands,
    chats,
    eventChats: createEventChats(db),
    matches: createMatches({ db, log, bus, brands }),
    members: createMembers({ db, log, bus }),
    messages: createMessages({ db, log, limits, presence: places, textMaxLength: config.messageMaxLength }),
    notifications,
    readPositions: closing(createReadPositions({ db, bus }), (it) => it.close()),
    relations: createRelations({ db, log, bus }),
    streams: createStreams({
      db,
      bus,
      tail,
      rounds,
      notifications,
      memberships,
      places,
      watch: (viewer, onChange) => credentials.watch(viewer, onChange),
      slowReaderMs,
      retentionDays,
    }),
    typing: closing(createTyping({ db, bus, limits, presence: places }), (it) => it.close()),
    userAdministration: createUserAdministration({ db, sessions }),
    users,
  };

  const demo = await seedDemo({ config, db, passwords });
  const talker = demo && (await findTalker(demo, { users, chats }));
  const server = closing(
    createServer({
      ...config,
      isLoopback: isLoopback(config.host),
      api: {
        schema,
        plugins: [...documentLimits, ...(config.introspection ? [] : [withoutIntrospection])],
        needsNoCredential,
        createContext: (request) => createContext(request, services, db.prisma),
      },
      authentication,
      isReachable: () => db.isReachable(),
      graphiql: config.graphiql ? createGraphiql(ENDPOINT, talker) : undefined,
      logger,
    }),
    (it) => it.stop(),
  );

  let stopped: Promise<void> | undefined;
  return {
    get url() {
      return server.url;
    },
    get welcome() {
      const isShared = db.kind === 'postgresql';
      const { graphiql, passwordLogin } = config;
      const isColored = process.stdout.isTTY;
      return welcome({ url: server.url, isShared, graphiql, passwordLogin, demo, isColored });
    },
    listen: () => server.listen(),
    stop: () => (stopped ??= close()),
  };
};

const open = async (config: Config, logger: Logger): Promise<Database> => {
  const db = await openDatabase(config, (error) => logger.warn({ error }, 'Connection to the database lost'));
  try {
    await mustBeSafe(db, config, logger);
    const onWait = () => logger.info('Waiting for another process to finish its migrations');
    const migrations = await migrate(db, { onWait });
    if (migrations.length > 0) logger.info({ migrations }, 'Migrated');
    return db;
  } catch (error) {
    await db.close();
    throw error;
  }
};

/** Of PostgreSQL: the embedded one never waits for the disk, and the README says so. */
const mustBeSafe = async (db: Database, { allowUnsafeDatabase }: Config, logger: Logger) => {
  const unsafe = db.kind === 'postgresql' ? await findUnsafe(db) : undefined;
  if (unsafe === undefined) return;
  if (!allowUnsafeDatabase) throw new UnsafeDatabaseError(`${unsafe}. ALLOW_UNSAFE_DATABASE=on starts all the same`);
  logger.warn(unsafe);
};

const connect = (url: string, prefix: string, logger: Logger): RedisBus =>
  createRedisBus({
    url,
    prefix,
    onState: (state, error) => {
      if (state === 'connected') logger.info('Redis is there');
      else logger.warn({ error }, 'Redis is away: nodes find each other’s events by looking once a second');
    },
    onError: (error) => logger.error({ error }, 'Fault'),
  });

const describe = (db: Database, redis: RedisBus | undefined): string => {
  if (redis !== undefined)
    return `${db.kind === 'embedded' ? 'Embedded database' : 'PostgreSQL'}, and Redis as the bus between nodes`;
  if (db.kind === 'embedded') return 'Embedded database and in-process bus: one node';
  return 'PostgreSQL without REDIS_URL: one node with an in-process bus; several nodes find each other’s events by looking once a second';
};
