/**
 * Every setting there is, in one table. The table of docs/settings.md, `.env.example` and the command line's help are made from it
 * (`npm run settings`).
 */
import {
  address,
  choice,
  databaseUrl,
  keyOrPath,
  level,
  limit,
  onOff,
  optionalNumber,
  optionalText,
  origins,
  redisUrl,
  text,
  tokenSecret,
  wholeNumber,
} from './setting.js';

/** What it means is in `config.ts`. */
const ON_LOOPBACK = 'on where HOST is a loopback address, else off';

export const settings = {
  port: wholeNumber('PORT', {
    description: 'The port for everything: HTTP, Server-Sent Events and WebSocket. 0 takes any free one.',
    default: 4000,
    range: [0, 65_535],
  }),
  host: address('HOST', {
    description: 'The address to listen on. 0.0.0.0 means all of them; the container image sets that.',
    default: '127.0.0.1',
  }),
  serverName: text('SERVER_NAME', {
    description: 'What clients show as the name of this server.',
    default: 'Parley',
    expected: 'text',
  }),
  dataDir: text('DATA_DIR', {
    description: 'The folder for what Parley keeps itself: the embedded database and the generated token secret.',
    default: './data',
    expected: 'a folder; a relative one is looked for from the working directory',
  }),
  databaseUrl: databaseUrl('DATABASE_URL', {
    description: 'The PostgreSQL (14 or newer) to use instead of the embedded database.',
    unset: 'embedded',
  }),
  databasePoolSize: wholeNumber('DATABASE_POOL_SIZE', {
    description: 'Connections that one node keeps to PostgreSQL, at most.',
    default: 10,
    range: [2, 500],
  }),
  allowUnsafeDatabase: onOff('ALLOW_UNSAFE_DATABASE', {
    description:
      'Whether to start on a PostgreSQL with fsync or synchronous_commit off, which may lose what was answered: for tests.',
    default: 'off',
  }),
  redisUrl: redisUrl('REDIS_URL', {
    description:
      'The Redis by which several nodes wake each other and count limits together; with Sentinels `redis+sentinel://HOST:PORT,HOST:PORT/NAME`.',
    unset: 'in process',
  }),
  tokenSecret: tokenSecret('TOKEN_SECRET', {
    description:
      'Signs the access tokens; the same on every node. Required with DATABASE_URL. Make one with `openssl rand -base64 48`.',
    unset: 'generated, kept in DATA_DIR',
  }),
  tokenSecretOld: tokenSecret('TOKEN_SECRET_OLD', {
    description:
      'The TOKEN_SECRET before, while a new one takes its place: its access tokens stay good. See docs/operations.md.',
    unset: 'none',
  }),
  accessTokenMinutes: wholeNumber('ACCESS_TOKEN_MINUTES', {
    description: 'How long an access token is valid, in minutes.',
    default: 15,
    range: [1, 1440],
  }),
  refreshTokenDays: wholeNumber('REFRESH_TOKEN_DAYS', {
    description: 'How long a session may go unused before one must sign in again, in days.',
    default: 30,
    range: [1, 3650],
  }),
  sessionDaysMax: wholeNumber('SESSION_DAYS_MAX', {
    description: 'How long after signing in one must sign in again, however much a session is used, in days.',
    default: 365,
    range: [1, 36_500],
  }),
  passwordLogin: onOff('PASSWORD_LOGIN', {
    description: 'Whether people may register and sign in with a password.',
    default: 'on',
  }),
  trustedKey: keyOrPath('TRUSTED_KEY', {
    description: "What another product's access tokens are signed with, so that its people need no account here.",
    unset: 'only tokens of our own are taken',
  }),
  trustedIssuer: optionalText('TRUSTED_ISSUER', {
    description: 'Who issues those tokens: their `iss` must be just that. Required with TRUSTED_KEY.',
    unset: 'nobody',
    expected: 'text',
  }),
  trustedAudience: optionalText('TRUSTED_AUDIENCE', {
    description: 'Whom those tokens are meant for: their `aud` must be or hold that.',
    unset: 'whatever their `aud`',
    expected: 'text',
  }),
  trustedUserClaim: text('TRUSTED_USER_CLAIM', {
    description: 'The claim of those tokens that says who somebody is, for ever the same.',
    default: 'sub',
    expected: 'the name of a claim',
  }),
  allowTokenInUrl: onOff('ALLOW_TOKEN_IN_URL', {
    description:
      'Whether a WebSocket may show its token as `?token=…`, for clients that can do no better: proxies write URLs down.',
    default: 'off',
  }),
  logLevel: level('LOG_LEVEL', {
    description: 'The least important log lines to write.',
    default: 'info',
  }),
  slowMs: wholeNumber('SLOW_MS', {
    description: 'Operations that take longer, in milliseconds, have a log line `Slow`. 0 = none has.',
    default: 1000,
    range: [0, 600_000],
  }),
  metricsPort: optionalNumber('METRICS_PORT', {
    description: 'A port for Prometheus, which is never the public one: `/metrics`. 0 takes any free one.',
    unset: 'no metrics',
    range: [0, 65_535],
  }),
  metricsHost: address('METRICS_HOST', {
    description: 'The address that METRICS_PORT listens on. Whoever reaches it reads the metrics.',
    default: '127.0.0.1',
  }),
  drainSeconds: wholeNumber('DRAIN_SECONDS', {
    description:
      'How long a stopping node may take to finish what it has in hand and to send its sockets elsewhere, in seconds.',
    default: 10,
    range: [0, 3600],
  }),
  connectionMinutes: wholeNumber('CONNECTION_MINUTES', {
    description:
      'How long a WebSocket or an event stream lasts at most, in minutes; each is ended after 50 to 100 % of that, and its client goes on where it ' +
      'was, on whichever node the proxy chooses: so added nodes fill. 0 = as long as it likes.',
    default: 60,
    range: [0, 10_080],
  }),
  allowedOrigins: origins('ALLOWED_ORIGINS', {
    description:
      'The web pages that may use this server, by HTTP and by WebSocket. Programs, which send no Origin, always may.',
    unset: "the server's own; on a loopback HOST also any port of localhost",
  }),
  trustProxy: wholeNumber('TRUST_PROXY', {
    description: 'How many proxies stand in front, each adding the address it saw to X-Forwarded-For.',
    default: 0,
    range: [0, 10],
  }),
  messageMaxLength: wholeNumber('MESSAGE_MAX_LENGTH', {
    description: 'The longest message, in characters (code points).',
    default: 1000,
    // Each may take 12 bytes as JSON (two \u escapes), and all of them must fit a request of 256 KB.
    range: [1, 20_000],
  }),
  messagesPerMinute: limit('MESSAGES_PER_MINUTE', {
    description:
      'Messages that a user may send in a minute, over all chats and nodes. 10 is what chats on JWT sockets often had.',
    default: 60,
  }),
  editsPerMinute: limit('EDITS_PER_MINUTE', {
    description: 'Messages that a user may edit in a minute.',
    default: 30,
  }),
  typingPerMinute: limit('TYPING_PER_MINUTE', {
    description: 'Times a minute that a user may say that they are typing or have stopped.',
    default: 120,
  }),
  directChatsPerMinute: limit('DIRECT_CHATS_PER_MINUTE', {
    description: 'Times a minute that a user may open a direct chat.',
    default: 10,
  }),
  signInsPerMinute: limit('SIGN_INS_PER_MINUTE', {
    description:
      'Tries to sign in, in a minute: for each account, by whichever of its names, and for each address they come from.',
    default: 30,
  }),
  registrationsPerHour: limit('REGISTRATIONS_PER_HOUR', {
    description: 'Accounts that may be registered from one address in an hour.',
    default: 600,
  }),
  chatConnectionsPerUser: limit('CHAT_CONNECTIONS_PER_USER', {
    description:
      'Sockets by which a user may have the same chat open, over all nodes; the newest takes over. Following all chats by `events` does not ' +
      'count. 1 is what chats on JWT sockets often had.',
    default: 0,
  }),
  directChats: choice('DIRECT_CHATS', {
    description:
      'Who may open direct chats: everyone, staff (managers and administrators, with anyone), or off for nobody. Those that there are go on.',
    default: 'everyone',
    values: ['everyone', 'staff', 'off'],
  }),
  userDirectory: choice('USER_DIRECTORY', {
    description:
      'Whom users find: everyone, or shared for those alone with whom they share a chat. Managers and administrators find everyone.',
    default: 'everyone',
    values: ['everyone', 'shared'],
  }),
  slowReaderSeconds: wholeNumber('SLOW_READER_SECONDS', {
    description:
      'How long a client may take nothing of what is waiting for it before its subscription ends, in seconds.',
    default: 60,
    range: [1, 3600],
  }),
  logRetentionDays: wholeNumber('LOG_RETENTION_DAYS', {
    description:
      'How far back clients can be given what they missed, in days; after that they read the chat again. Messages are never taken. 0 = for ever.',
    default: 0,
    range: [0, 36_500],
  }),
  introspection: onOff('INTROSPECTION', {
    description:
      'Whether clients may read the schema from the server. Where it is off, errors suggest no names of it either.',
    unset: ON_LOOPBACK,
  }),
  graphiql: onOff('GRAPHIQL', {
    description: 'Whether browsers are shown GraphiQL at /graphql.',
    unset: ON_LOOPBACK,
  }),
  demo: onOff('DEMO', {
    description:
      'Whether an empty embedded database is filled with demo people and chats, where HOST is a loopback address and neither TRUST_PROXY ' +
      'nor ALLOWED_ORIGINS says that others come.',
    default: 'on',
  }),
};
