/** What resolvers have at hand: who asks, over what, and the rules to ask. One for each operation. */
import type { Accounts } from '../domain/accounts.js';
import type { ApiTokens } from '../domain/api-tokens.js';
import type { Brands } from '../domain/brands.js';
import type { Chats } from '../domain/chats.js';
import type { Ending } from '../domain/ending.js';
import type { EventChats } from '../domain/event-chats.js';
import type { Matches } from '../domain/matches.js';
import type { Members } from '../domain/members.js';
import type { Messages } from '../domain/messages.js';
import type { Notifications } from '../domain/notifications.js';
import type { ReadPositions } from '../domain/read-positions.js';
import type { Relations } from '../domain/relations.js';
import type { Streams } from '../domain/streams.js';
import type { Typing } from '../domain/typing.js';
import type { UserAdministration } from '../domain/user-administration.js';
import type { Users } from '../domain/users.js';
import type { Viewer } from '../domain/viewer.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Logger } from '../log-line.js';
import { createLoaders, type Loaders } from './loaders.js';

export interface Services {
  accounts: Accounts;
  apiTokens: ApiTokens;
  brands: Brands;
  chats: Chats;
  eventChats: EventChats;
  matches: Matches;
  members: Members;
  messages: Messages;
  notifications: Notifications;
  readPositions: ReadPositions;
  relations: Relations;
  streams: Streams;
  typing: Typing;
  userAdministration: UserAdministration;
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
