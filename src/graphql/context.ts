/** What resolvers have at hand: who asks, over what, and the rules to ask. One for each operation. */
import type { DomainServices } from '../domain/domain.js';
import type { DirectChatOpeners } from '../domain/rules/policy.js';
import type { Ending } from '../domain/streams/ending.js';
import type { Viewer } from '../domain/viewer.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Logger } from '../log-line.js';
import type { Tally } from '../meters.js';
import type { EventIds } from './event-ids.js';
import { createLoaders, type Loaders } from './loaders.js';

export interface Services extends DomainServices {
  /** What mutations answered, by "field outcome". */
  mutations: Tally;
  server: ServerFacts;
}

/** As the settings have it. */
export interface ServerFacts {
  name: string;
  version: string;
  passwordLogin: boolean;
  directChats: DirectChatOpeners;
  messageMaxLength: number;
  /** 0: no limit. */
  messagesPerMinute: number;
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
  carrierId: string;
  /** Ends the streams that this operation opens. */
  ending: Ending;
  /** The WebSocket that it came over; null for one over HTTP. */
  socket: SocketControl | null;
  /** What its events go out with, and it goes on from; null for one over a WebSocket. */
  eventIds: EventIds | null;
  /** Its lines carry the request's, user's and socket's ids. */
  logger: Logger;
}

export interface SocketControl {
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
