/**
 * Every setting, in one table. `npm run settings` generates the table of docs/settings.md and `.env.example` from it;
 * the command line's help is built from it too.
 */
import {
  address,
  choice,
  clamdUrl,
  databaseUrl,
  filesUrl,
  keyOrPath,
  level,
  limit,
  onOff,
  optionalNumber,
  optionalText,
  origins,
  publicUrl,
  redisUrl,
  text,
  tokenSecret,
  wholeNumber,
} from './setting.js';

/** Describes a default that `config.ts` derives. */
const ON_LOOPBACK = 'on if HOST is a loopback address, otherwise off';

export const settings = {
  port: wholeNumber('PORT', {
    description: 'The port for everything: HTTP, Server-Sent Events and WebSocket. 0 = any free port.',
    default: 4000,
    range: [0, 65_535],
  }),
  host: address('HOST', {
    description: 'The address to listen on. 0.0.0.0 (set by the container image) = all IPv4 addresses.',
    default: '127.0.0.1',
  }),
  serverName: text('SERVER_NAME', {
    description: 'The server name that clients display.',
    default: 'Parley',
    expected: 'text',
  }),
  dataDir: text('DATA_DIR', {
    description:
      "The folder for Parley's own files: the embedded database, the generated token secret and, without FILES_URL, the files that people send.",
    default: './data',
    expected: 'a folder; a relative path starts at the working directory',
  }),
  databaseUrl: databaseUrl('DATABASE_URL', {
    description: 'The PostgreSQL database (version 14 or newer) to use instead of the embedded one.',
    unset: 'embedded',
  }),
  databasePoolSize: wholeNumber('DATABASE_POOL_SIZE', {
    description: "The maximum number of connections in one node's PostgreSQL pool.",
    default: 10,
    range: [2, 500],
  }),
  allowUnsafeDatabase: onOff('ALLOW_UNSAFE_DATABASE', {
    description:
      'Whether to start on a PostgreSQL with fsync or synchronous_commit off, which can lose acknowledged writes. Only for tests.',
    default: 'off',
  }),
  redisUrl: redisUrl('REDIS_URL', {
    description:
      'The Redis through which several nodes wake each other and share rate limits. For Sentinels: `redis+sentinel://HOST:PORT,HOST:PORT/NAME`.',
    unset: 'in process',
  }),
  tokenSecret: tokenSecret('TOKEN_SECRET', {
    description:
      'The secret that signs access tokens; the same on every node. Required with DATABASE_URL. Generate one with `openssl rand -base64 48`.',
    unset: 'generated and kept in DATA_DIR',
  }),
  tokenSecretOld: tokenSecret('TOKEN_SECRET_OLD', {
    description:
      'The previous TOKEN_SECRET during a rotation, so that access tokens signed with it stay valid. See docs/operations.md.',
    unset: 'none',
  }),
  accessTokenMinutes: wholeNumber('ACCESS_TOKEN_MINUTES', {
    description: 'How long an access token is valid, in minutes.',
    default: 15,
    range: [1, 1440],
  }),
  refreshTokenDays: wholeNumber('REFRESH_TOKEN_DAYS', {
    description: 'How long a session may go unused before it expires, in days.',
    default: 30,
    range: [1, 3650],
  }),
  sessionDaysMax: wholeNumber('SESSION_DAYS_MAX', {
    description: 'How long after signing in a session expires, even if it is in use, in days.',
    default: 365,
    range: [1, 36_500],
  }),
  passwordLogin: onOff('PASSWORD_LOGIN', {
    description: 'Whether people may register and sign in with a password.',
    default: 'on',
  }),
  trustedKey: keyOrPath('TRUSTED_KEY', {
    description: "The key that verifies another product's access tokens, so that its users need no account here.",
    unset: "only Parley's own tokens are accepted",
  }),
  trustedIssuer: optionalText('TRUSTED_ISSUER', {
    description: 'The issuer of those tokens: their `iss` must equal it. Required with TRUSTED_KEY.',
    unset: 'none',
    expected: 'text',
  }),
  trustedAudience: optionalText('TRUSTED_AUDIENCE', {
    description: 'The audience of those tokens: their `aud` must equal or contain it.',
    unset: 'any `aud`',
    expected: 'text',
  }),
  trustedUserClaim: text('TRUSTED_USER_CLAIM', {
    description: 'The claim of those tokens that identifies the user. It must never change for a user.',
    default: 'sub',
    expected: 'the name of a claim',
  }),
  allowTokenInUrl: onOff('ALLOW_TOKEN_IN_URL', {
    description:
      'Whether a WebSocket may send its token as `?token=…`. Only for clients that cannot send it otherwise: proxies log URLs.',
    default: 'off',
  }),
  logLevel: level('LOG_LEVEL', {
    description: 'The least important log lines to write.',
    default: 'info',
  }),
  slowMs: wholeNumber('SLOW_MS', {
    description: 'Operations that take longer than this, in milliseconds, are logged as `Slow`. 0 = never.',
    default: 1000,
    range: [0, 600_000],
  }),
  metricsPort: optionalNumber('METRICS_PORT', {
    description: 'The port for Prometheus, at `/metrics`. It must differ from PORT. 0 = any free port.',
    unset: 'no metrics',
    range: [0, 65_535],
  }),
  metricsHost: address('METRICS_HOST', {
    description: 'The address that METRICS_PORT listens on. Anyone who can reach it can read the metrics.',
    default: '127.0.0.1',
  }),
  drainSeconds: wholeNumber('DRAIN_SECONDS', {
    description:
      'How long a stopping node may take to finish its requests and to move its sockets and streams to other nodes, in seconds.',
    default: 10,
    range: [0, 3600],
  }),
  connectionMinutes: wholeNumber('CONNECTION_MINUTES', {
    description:
      'The maximum lifetime of a WebSocket or an event stream, in minutes. The node ends each after 50 to 100 % of it; the client resumes on ' +
      'the node that the proxy chooses, so new nodes get their share. 0 = no limit.',
    default: 60,
    range: [0, 10_080],
  }),
  allowedOrigins: origins('ALLOWED_ORIGINS', {
    description:
      'The origins of web pages that may use this server, over HTTP and WebSocket. Clients that send no Origin always may.',
    unset: "the server's own; on a loopback HOST, localhost on any port too",
  }),
  trustProxy: wholeNumber('TRUST_PROXY', {
    description: 'How many proxies stand in front, each appending the address it saw to X-Forwarded-For.',
    default: 0,
    range: [0, 10],
  }),
  messageMaxLength: wholeNumber('MESSAGE_MAX_LENGTH', {
    description: 'The maximum length of a message, in characters (code points).',
    default: 1000,
    // Each may take 12 bytes as JSON (two \u escapes), and all of them must fit a request of 256 KB.
    range: [1, 20_000],
  }),
  messagesPerMinute: limit('MESSAGES_PER_MINUTE', {
    description:
      'Messages that a user may send per minute, across all chats and nodes. Chat servers with JWT-authenticated sockets often allow 10.',
    default: 60,
  }),
  editsPerMinute: limit('EDITS_PER_MINUTE', {
    description: 'Messages that a user may edit per minute.',
    default: 30,
  }),
  reactionsPerMinute: limit('REACTIONS_PER_MINUTE', {
    description: 'Reactions that a user may add or remove per minute.',
    default: 60,
  }),
  typingPerMinute: limit('TYPING_PER_MINUTE', {
    description: 'Typing indicators (started or stopped) that a user may send per minute.',
    default: 120,
  }),
  reportsPerMinute: limit('REPORTS_PER_MINUTE', {
    description: 'Messages that a user may report per minute.',
    default: 10,
  }),
  directChatsPerMinute: limit('DIRECT_CHATS_PER_MINUTE', {
    description: 'New direct chats that a user may open per minute.',
    default: 10,
  }),
  groupsPerHour: limit('GROUPS_PER_HOUR', {
    description:
      'Groups that a user may make per hour, if GROUP_CREATORS lets them; managers and administrators make any number.',
    default: 20,
  }),
  joinsPerMinute: limit('JOINS_PER_MINUTE', {
    description: 'Groups that a user may join per minute: open ones, and by invite.',
    default: 20,
  }),
  searchesPerMinute: limit('SEARCHES_PER_MINUTE', {
    description: 'Searches in messages that a user may make per minute; each page is one.',
    default: 120,
  }),
  signInsPerMinute: limit('SIGN_INS_PER_MINUTE', {
    description:
      'Failed sign-in attempts per minute: for each account, by username or e-mail, and for each client address.',
    default: 30,
  }),
  registrationsPerHour: limit('REGISTRATIONS_PER_HOUR', {
    description: 'Accounts that may be registered from one address per hour.',
    default: 600,
  }),
  chatConnectionsPerUser: limit('CHAT_CONNECTIONS_PER_USER', {
    description:
      'WebSockets and event streams on which a user may have the same chat open, across all nodes; the newest takes over from the oldest. ' +
      'Following all chats through `events` does not count. Chat servers with JWT-authenticated sockets often allow 1.',
    default: 0,
  }),
  directChats: choice('DIRECT_CHATS', {
    description:
      'Who may open direct chats: everyone, staff (managers and administrators, with anyone), or off (nobody). Existing direct chats keep working.',
    default: 'everyone',
    values: ['everyone', 'staff', 'off'],
  }),
  groupCreators: choice('GROUP_CREATORS', {
    description:
      'Who may make groups: admins (who are not in them unless they say so), staff (managers too), or everyone. With staff and everyone, who makes a group owns it.',
    default: 'admins',
    values: ['admins', 'staff', 'everyone'],
  }),
  userDirectory: choice('USER_DIRECTORY', {
    description:
      'Which users a user can find: everyone, or shared (only those who share a chat with them). Managers and administrators find everyone.',
    default: 'everyone',
    values: ['everyone', 'shared'],
  }),
  presence: onOff('PRESENCE', {
    description: 'Whether people see who is online, of those with whom they share a chat.',
    default: 'on',
  }),
  slowReaderSeconds: wholeNumber('SLOW_READER_SECONDS', {
    description:
      'How long a client may read nothing while events are waiting for it, in seconds. After that its subscription ends.',
    default: 60,
    range: [1, 3600],
  }),
  filesUrl: filesUrl('FILES_URL', {
    description:
      'Where the files that people send are kept: an S3-compatible bucket, `s3://KEY:SECRET@HOST/BUCKET?region=REGION` (`tls=off` for HTTP), or a ' +
      'folder, `file:///srv/parley-files`. Every node needs the same.',
    unset: 'the folder `files` in DATA_DIR',
  }),
  attachmentMaxMb: wholeNumber('ATTACHMENT_MAX_MB', {
    description: 'The maximum size of a file that people send, in MB (1,048,576 bytes). 0 = no files.',
    default: 25,
    range: [0, 1024],
  }),
  filesMbPerUser: limit('FILES_MB_PER_USER', {
    description: 'How much the files of one user may take, sent and not yet sent, in MB.',
    default: 1024,
  }),
  uploadsPerMinute: limit('UPLOADS_PER_MINUTE', {
    description: 'Uploads that a user may begin per minute.',
    default: 30,
  }),
  clamdUrl: clamdUrl('CLAMD_URL', {
    description:
      'The virus scanner that every file must pass: clamd, as `tcp://HOST:3310` or `unix:///run/clamav/clamd.ctl`. While it is away, nothing can be uploaded.',
    unset: 'files are not scanned',
  }),
  publicUrl: publicUrl('PUBLIC_URL', {
    description:
      'The address at which clients reach this server, for the links to files: `https://chat.example.org`, with the path that a proxy adds in front.',
    unset: 'links are paths, `/files/…`, which clients resolve against the address of the API',
  }),
  logRetentionDays: wholeNumber('LOG_RETENTION_DAYS', {
    description:
      'How long events are kept for clients that were away, in days. A client that was away longer reads the chat again. Messages are never deleted. 0 = no limit.',
    default: 0,
    range: [0, 36_500],
  }),
  introspection: onOff('INTROSPECTION', {
    description:
      'Whether clients may read the schema from the server. If off, errors suggest no names from the schema either.',
    unset: ON_LOOPBACK,
  }),
  graphiql: onOff('GRAPHIQL', {
    description: 'Whether the server shows browsers GraphiQL at /graphql.',
    unset: ON_LOOPBACK,
  }),
  demo: onOff('DEMO', {
    description:
      'Whether the server fills an empty embedded database with demo users and chats. It does so only if HOST is a loopback address and neither ' +
      'TRUST_PROXY nor ALLOWED_ORIGINS lets other machines in.',
    default: 'on',
  }),
};
