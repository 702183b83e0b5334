/** The rules of one node, assembled over its ports: the server serves them, and tests call them without a server. */
import type { Bus } from '../bus/bus.js';
import type { OnlineRegistry } from '../bus/online-registry.js';
import type { PlaceRegistry } from '../bus/place-registry.js';
import type { RateLimitStore } from '../bus/rate-limit-store.js';
import type { Database } from '../db/database.js';
import type { FileStore } from '../files/file-store.js';
import type { Pictures } from '../files/pictures.js';
import type { Scanner } from '../files/scanner.js';
import { createLog, type Log } from '../log/log.js';
import type { Rounds } from '../log/rounds.js';
import { createTail, type Tail } from '../log/tail.js';
import { createAccounts, type Accounts } from './accounts/accounts.js';
import { createApiTokens, type ApiTokens } from './accounts/api-tokens.js';
import { createAuthentication, type Authentication } from './accounts/authentication.js';
import type { CredentialFactsCacheOptions } from './accounts/credential-facts.js';
import { createCredentials, type Credentials } from './accounts/credentials.js';
import { createPasswords, type Passwords } from './accounts/passwords.js';
import { createSessions, type ReusedToken, type Sessions } from './accounts/sessions.js';
import { createTokens, type Tokens, type TokensOptions } from './accounts/tokens.js';
import { createTrustedTokens, type TrustedTokensOptions } from './accounts/trusted-tokens.js';
import { createTrustedUsers } from './accounts/trusted-users.js';
import { createUserUpserts, type UserUpserts } from './accounts/upsert-users.js';
import { createUserAdministration, type UserAdministration } from './accounts/user-administration.js';
import { createUserTokens, type UserTokens } from './accounts/user-tokens.js';
import { createUsers, type UserDirectory, type Users } from './accounts/users.js';
import { createBlocks, type Blocks } from './chats/blocks.js';
import { createBrands, type Brands } from './chats/brands.js';
import { createOwnChatSettings, type OwnChatSettings } from './chats/chat-settings.js';
import { createChatLog, type ChatLog } from './chats/chat-log.js';
import { createChats, type Chats } from './chats/chats.js';
import { createEventChats, type EventChats } from './chats/event-chats.js';
import { createInvites, type Invites } from './chats/invites.js';
import { createMatches, type Matches } from './chats/matches.js';
import { createMessageReaders, type MessageReaders } from './chats/message-readers.js';
import { createMembers, type Members } from './chats/members.js';
import { createRelations, type Relations } from './chats/relations.js';
import { createAttachments, type Attachments } from './files/attachments.js';
import { createAvatars, type Avatars } from './files/avatars.js';
import { createFileLinks } from './files/file-links.js';
import { createUploads, type FileSettings, type Uploads } from './files/uploads.js';
import { createMessages, type Messages } from './messages/messages.js';
import { createMentionReads, type MentionReads } from './messages/mention-reads.js';
import { createPins, type Pins } from './messages/pins.js';
import { createReactionReads, type ReactionReads } from './messages/reaction-reads.js';
import { createReactions, type Reactions } from './messages/reactions.js';
import { createReports, type Reports } from './messages/reports.js';
import { createReplyReads, type ReplyReads } from './messages/reply-reads.js';
import { createReadPositions, type ReadPositions } from './messages/read-positions.js';
import { createTyping, type Typing } from './messages/typing.js';
import { createNotifications, type Notifications } from './notifications/notifications.js';
import { createRateLimits, type RateLimitSettings } from './rate-limits.js';
import type { DirectChatOpeners, GroupCreators } from './rules/policy.js';
import { createAsPresent } from './rules/presence.js';
import { MAY_MENTION_EVERYONE, MAY_SEND } from './rules/right-sql.js';
import { createMessageSearch, type MessageSearch } from './search/message-search.js';
import { createOnline, type Online } from './streams/online.js';
import { createPlaces, type Places } from './streams/places.js';
import { createSeenChats } from './rules/seen-chats.js';
import { createStreams, type Streams } from './streams/streams.js';
import { createUserPresence, type UserPresence } from './streams/user-presence.js';
import { createMemberships } from './streams/viewer-chats.js';

/** What the rules depend on. The caller closes the ports, after the domain. */
export interface Ports {
  db: Database;
  bus: Bus;
  rounds: Rounds;
  rateLimitStore: RateLimitStore;
  placeRegistry: PlaceRegistry;
  onlineRegistry: OnlineRegistry;
  fileStore: FileStore;
  pictures: Pictures;
  /** Undefined: files are not scanned. */
  scanner: Scanner | undefined;
}

/** As configured in the settings. */
export interface DomainSettings extends RateLimitSettings, FileSettings {
  accessTokenMinutes: number;
  refreshTokenDays: number;
  sessionDaysMax: number;
  passwordLogin: boolean;
  userDirectory: UserDirectory;
  directChats: DirectChatOpeners;
  /** Whether people see who is online. */
  presence: boolean;
  groupCreators: GroupCreators;
  /** In code points. */
  messageMaxLength: number;
  /** Connections of one user in one chat; 0: no limit. */
  chatConnectionsPerUser: number;
  slowReaderSeconds: number;
  /** 0: logs are never pruned. */
  logRetentionDays: number;
  /** Undefined: links to files are paths. */
  publicUrl: string | undefined;
}

export interface DomainOptions {
  settings: DomainSettings;
  /** The secrets that sign access tokens. */
  secrets: Pick<TokensOptions, 'secret' | 'old'>;
  /** Undefined: no other product's tokens are accepted. */
  trusted: TrustedTokensOptions | undefined;
  credentialCache?: CredentialFactsCacheOptions | undefined;
  typingLastsMs?: number | undefined;
  /** Within how long who comes and goes is told together. */
  onlineTickMs?: number | undefined;
  /** Background work failed; it is retried. */
  onError: (error: unknown) => void;
  /** A session was ended because its used refresh token was shown again. */
  onReuse?: (reused: ReusedToken) => void;
}

/** The services that resolvers call. */
export interface DomainServices {
  accounts: Accounts;
  apiTokens: ApiTokens;
  attachments: Attachments;
  avatars: Avatars;
  blocks: Blocks;
  brands: Brands;
  chatLog: ChatLog;
  chatSettings: OwnChatSettings;
  chats: Chats;
  eventChats: EventChats;
  invites: Invites;
  matches: Matches;
  members: Members;
  mentionReads: MentionReads;
  messageReaders: MessageReaders;
  messages: Messages;
  messageSearch: MessageSearch;
  notifications: Notifications;
  pins: Pins;
  reactionReads: ReactionReads;
  reactions: Reactions;
  readPositions: ReadPositions;
  relations: Relations;
  replyReads: ReplyReads;
  reports: Reports;
  streams: Streams;
  typing: Typing;
  uploads: Uploads;
  userAdministration: UserAdministration;
  userPresence: UserPresence;
  userTokens: UserTokens;
  userUpserts: UserUpserts;
  users: Users;
}

export interface Domain extends DomainServices {
  authentication: Authentication;
  credentials: Credentials;
  log: Log;
  online: Online;
  passwords: Passwords;
  places: Places;
  sessions: Sessions;
  tail: Tail;
  tokens: Tokens;
  /** Listens to the other nodes. */
  start(): Promise<void>;
  /** Resolves once all pending writes are done. */
  close(): Promise<void>;
}

export const createDomain = (
  { db, bus, rounds, rateLimitStore, placeRegistry, onlineRegistry, fileStore: store, pictures, scanner }: Ports,
  { settings, secrets, trusted, credentialCache, typingLastsMs, onlineTickMs, onError, onReuse }: DomainOptions,
): Domain => {
  const { directChats, groupCreators, logRetentionDays: retentionDays } = settings;
  const log = createLog(db, bus, { maySend: MAY_SEND, mayMentionEveryone: MAY_MENTION_EVERYONE });
  const tail = createTail({ db, bus, rounds }, onError);
  const limits = createRateLimits(rateLimitStore, settings);

  const passwords = createPasswords();
  const tokens = createTokens({ ...secrets, accessTokenMinutes: settings.accessTokenMinutes });
  const credentials = createCredentials({ db, bus, cache: credentialCache, onError });
  const stopListening = rounds.onMoved(({ sessionIds, userIds, isAfterFailure }) => {
    credentials.changed({ sessionIds, userIds });
    if (isAfterFailure) credentials.recheck();
  });
  const sessions = createSessions({ ...settings, db, credentials, tokens, ...(onReuse && { onReuse }) });
  const apiTokens = createApiTokens({ db, credentials, onError });
  const trustedUsers = trusted && { tokens: createTrustedTokens(trusted), users: createTrustedUsers(db) };
  const users = createUsers(db, settings.userDirectory);

  const seenChats = createSeenChats(db);
  const places = createPlaces({ registry: placeRegistry, bus, limit: settings.chatConnectionsPerUser, onError });
  const asPresent = createAsPresent(places);
  const isOn = settings.presence;
  const online = createOnline({ db, bus, registry: onlineRegistry, isOn, tickMs: onlineTickMs, onError });
  const userPresence = createUserPresence({ db, online, isOn });
  const brands = createBrands({ db, log });
  const notifications = createNotifications({ db, bus });
  const reactions = createReactions({ log, limits, asPresent });
  const readPositions = createReadPositions({ db, bus, seenChats });
  const typing = createTyping({ db, bus, limits, asPresent, ...(typingLastsMs && { lastsMs: typingLastsMs }) });
  const links = createFileLinks({ ...secrets, publicUrl: settings.publicUrl });
  const uploads = createUploads({ db, limits, store, pictures, scanner, links, settings });
  const memberships = createMemberships({ db, bus, rounds }, onError);

  return {
    accounts: createAccounts({ db, sessions, passwords, limits, passwordLogin: settings.passwordLogin }),
    apiTokens,
    attachments: createAttachments({ db, store, links }),
    avatars: createAvatars({ db, store, publicUrl: settings.publicUrl }),
    authentication: createAuthentication({ credentials, tokens, sessions, apiTokens, trusted: trustedUsers }),
    blocks: createBlocks({ db, limits, users }),
    brands,
    chatLog: createChatLog({ db, retentionDays }),
    chatSettings: createOwnChatSettings({ db, bus, limits, seenChats }),
    chats: createChats({ db, log, bus, limits, presence: places, seenChats, users, directChats, groupCreators }),
    credentials,
    eventChats: createEventChats(seenChats),
    log,
    invites: createInvites({ db, log, bus, limits, publicUrl: settings.publicUrl }),
    matches: createMatches({ db, log, bus, brands }),
    members: createMembers({ db, log, bus, limits, users }),
    messages: createMessages({ db, log, limits, asPresent, textMaxLength: settings.messageMaxLength }),
    messageSearch: createMessageSearch(db, limits),
    notifications,
    online,
    passwords,
    places,
    mentionReads: createMentionReads(db),
    messageReaders: createMessageReaders(db),
    pins: createPins(log, limits),
    replyReads: createReplyReads(db),
    reactionReads: createReactionReads(db),
    reactions,
    readPositions,
    relations: createRelations({ db, log, bus }),
    reports: createReports({ db, limits }),
    sessions,
    streams: createStreams({
      db,
      bus,
      tail,
      rounds,
      notifications,
      memberships,
      seenChats,
      places,
      online,
      userPresence,
      watch: (viewer, onChange) => credentials.watch(viewer, onChange),
      slowReaderMs: settings.slowReaderSeconds * 1000,
      retentionDays,
    }),
    tail,
    tokens,
    typing,
    uploads,
    userAdministration: createUserAdministration({ db, sessions }),
    userPresence,
    userTokens: createUserTokens(db, tokens),
    userUpserts: createUserUpserts({ db, sessions }),
    users,

    start: async () => {
      await credentials.start();
      await places.start();
      await online.start();
    },
    close: async () => {
      typing.close();
      readPositions.close();
      memberships.close();
      places.close();
      await online.close();
      await uploads.drain();
      await apiTokens.drain();
      stopListening();
      credentials.close();
      tail.close();
      await reactions.drain();
      await log.drain();
    },
  };
};
