/** What resolvers have at hand: who asks, over what, and the rules to ask. One for each operation. */
import type { Accounts } from '../domain/accounts/accounts.js';
import type { ApiTokens } from '../domain/accounts/api-tokens.js';
import type { Brands } from '../domain/chats/brands.js';
import type { ChatLog } from '../domain/chats/chat-log.js';
import type { Chats } from '../domain/chats/chats.js';
import type { Ending } from '../domain/streams/ending.js';
import type { EventChats } from '../domain/chats/event-chats.js';
import type { Matches } from '../domain/chats/matches.js';
import type { Members } from '../domain/chats/members.js';
import type { Messages } from '../domain/messages/messages.js';
import type { Notifications } from '../domain/notifications/notifications.js';
import type { ReadPositions } from '../domain/messages/read-positions.js';
import type { Relations } from '../domain/chats/relations.js';
import type { Streams } from '../domain/streams/streams.js';
import type { Typing } from '../domain/messages/typing.js';
import type { UserUpserts } from '../domain/accounts/upsert-users.js';
import type { UserAdministration } from '../domain/accounts/user-administration.js';
import type { UserTokens } from '../domain/accounts/user-tokens.js';
import type { Users } from '../domain/accounts/users.js';
import type { Viewer } from '../domain/viewer.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Logger } from '../log-line.js';
import type { Tally } from '../meters.js';
import type { EventIds } from './event-ids.js';
import { createLoaders, type Loaders } from './loaders.js';
import type { ServerFacts } from './server-info.js';

export interface Services {
  accounts: Accounts;
  apiTokens: ApiTokens;
  brands: Brands;
  chatLog: ChatLog;
  chats: Chats;
  eventChats: EventChats;
  matches: Matches;
  members: Members;
  messages: Messages;
  /** What mutations answered, by "field outcome". */
  mutations: Tally;
  notifications: Notifications;
  readPositions: ReadPositions;
  relations: Relations;
  server: ServerFacts;
  streams: Streams;
  typing: Typing;
  userAdministration: UserAdministration;
  userTokens: UserTokens;
  userUpserts: UserUpserts;
  users: Users;
}

/** What the server knows of an operation beside its document. */
export interface Request {
  /** Null where nobody is signed in. */
  viewer: Viewer | null;
  /** Who asks by now: while a subscription stands, their role may change. */
  present(): Viewer | null;
  requestId: string;
  transport: 'http' | 'sse' | 'ws';
  /** Where it comes from; null where that is not known. */
  address: string | null;
  /** The socket's; over HTTP the operation's own. Unique over all nodes. */
  connectionId: string;
  /** Ends the streams that this operation opens. */
  ending: Ending;
  /** The WebSocket that it came over; null for one over HTTP. */
  connection: Connection | null;
  /** What its events go out with, and it goes on from; null for one over a WebSocket. */
  eventIds: EventIds | null;
  /** Its lines carry the request's, user's and socket's ids. */
  logger: Logger;
}

export interface Connection {
  /**
   * Keeps the socket past its access token's expiry.
   *
   * @returns until when
   * @throws InvalidTokenError where the token is not a good one of the connection's own session
   */
  renew(accessToken: string): Promise<Date>;
}

export interface Context extends Request {
  services: Services;
  /** For the fields that Pothos reads by itself (`user.ts`). */
  prisma: PrismaClient;
  /** Fresh for each mutation and each event: what one has read may not hold for the next. */
  loaders: Loaders;
  /** Who has just signed in by this very operation, which had no viewer: their own data is theirs to see. */
  signedIn: Pick<Viewer, 'id' | 'role'> | null;
}

export const createContext = (request: Request, services: Services, prisma: PrismaClient): Context => ({
  ...request,
  services,
  prisma,
  loaders: createLoaders(services, request.viewer),
  signedIn: null,
});
