/** The rules of one node on a database of a test file's own, without the server around them. */
import { onTestFinished } from 'vitest';
import type { Bus } from '../../src/bus/bus.js';
import { createMemoryOnline, type OnlineRegistry } from '../../src/bus/online-registry.js';
import { createMemoryPlaces } from '../../src/bus/memory-places.js';
import { createMemoryRateLimits } from '../../src/bus/memory-rate-limits.js';
import type { Database } from '../../src/db/database.js';
import type { FileStore } from '../../src/files/file-store.js';
import { createFolderStore } from '../../src/files/folder-store.js';
import { createPictures } from '../../src/files/pictures.js';
import type { Scanner } from '../../src/files/scanner.js';
import type { ReusedToken } from '../../src/domain/accounts/sessions.js';
import { createDomain, type DomainOptions, type DomainSettings } from '../../src/domain/domain.js';
import { createRounds } from '../../src/log/rounds.js';
import { readTrustedKeys } from '../../src/trusted-keys.js';
import { temporaryFolder } from './database.js';
import { createFrozenBus } from './frozen-bus.js';
import { shop } from './trusted.js';

export const testSecret = 'a secret that is only ever used in tests';

export interface DomainNodeOptions extends Partial<
  Pick<DomainOptions, 'credentialCache' | 'typingLastsMs' | 'onlineTickMs' | 'onError'>
> {
  bus?: Bus;
  scanner?: Scanner;
  /** Otherwise a folder of its own. */
  fileStore?: FileStore;
  onlineRegistry?: OnlineRegistry;
  settings?: Partial<DomainSettings>;
}

const fail = (error: unknown) => {
  throw error;
};

const settingsOfTests: DomainSettings = {
  messagesPerMinute: 0,
  editsPerMinute: 0,
  reactionsPerMinute: 0,
  typingPerMinute: 0,
  directChatsPerMinute: 0,
  groupsPerHour: 0,
  joinsPerMinute: 0,
  searchesPerMinute: 0,
  uploadsPerMinute: 0,
  reportsPerMinute: 0,
  attachmentMaxMb: 25,
  filesMbPerUser: 0,
  publicUrl: undefined,
  signInsPerMinute: 0,
  registrationsPerHour: 0,
  accessTokenMinutes: 15,
  refreshTokenDays: 30,
  sessionDaysMax: 365,
  passwordLogin: true,
  userDirectory: 'everyone',
  directChats: 'everyone',
  presence: true,
  groupCreators: 'admins',
  messageMaxLength: 1000,
  chatConnectionsPerUser: 0,
  slowReaderSeconds: 60,
  logRetentionDays: 0,
};

/** Gone when the test is. */
export const domainNode = async (
  db: Database,
  {
    bus = createFrozenBus(fail),
    onError = fail,
    settings,
    scanner,
    fileStore,
    onlineRegistry = createMemoryOnline(),
    ...options
  }: DomainNodeOptions = {},
) => {
  // Looks only when told to: the bell alone carries everything here, and nothing else is counted.
  const rounds = await createRounds(db, { intervalMs: 1_000_000, onError });
  const rateLimitStore = createMemoryRateLimits();
  const store = fileStore ?? (await createFolderStore(temporaryFolder()));
  const reused: ReusedToken[] = [];
  const domain = createDomain(
    {
      db,
      bus,
      rounds,
      rateLimitStore,
      placeRegistry: createMemoryPlaces(),
      onlineRegistry,
      fileStore: store,
      pictures: createPictures(),
      scanner,
    },
    {
      ...options,
      settings: { ...settingsOfTests, ...settings },
      secrets: { secret: testSecret },
      trusted: {
        keys: readTrustedKeys(shop.trustedKey),
        issuer: shop.trustedIssuer,
        audience: shop.trustedAudience,
        userClaim: 'sub',
      },
      onError,
      onReuse: (token) => reused.push(token),
    },
  );
  onTestFinished(async () => {
    await domain.close();
    await rounds.stop();
    rateLimitStore.close();
  });
  await domain.start();
  return {
    ...domain,
    db,
    bus,
    store,
    /** Sessions that ended as a used refresh token was shown. */
    reused,
  };
};

export type DomainNode = Awaited<ReturnType<typeof domainNode>>;
