/** The resolvers' context: the viewer, the transport and the domain services. One per operation. */
import type { DomainServices } from '../domain/domain.js';
import type { DirectChatOpeners, GroupCreators } from '../domain/rules/policy.js';
import type { Ending } from '../domain/streams/ending.js';
import type { Viewer } from '../domain/viewer.js';
import type { PrismaClient } from '../generated/prisma/client.js';
import type { Logger } from '../log-line.js';
import type { Tally } from '../meters.js';
import type { EventIds } from './event-ids.js';
import { Loaders } from './loaders.js';

export interface Services extends DomainServices {
  /** Mutation outcomes, counted by "field outcome". */
  mutations: Tally;
  server: ServerFacts;
}

/** From the settings. */
export interface ServerFacts {
  name: string;
  version: string;
  passwordLogin: boolean;
  directChats: DirectChatOpeners;
  groupCreators: GroupCreators;
  messageMaxLength: number;
  /** 0: no limit. */
  messagesPerMinute: number;
  /** 0: no files. */
  maxAttachmentBytes: number;
}

/** What the server knows about an operation besides its document. */
export interface Request {
  /** Null for an anonymous viewer. */
  viewer: Viewer | null;
  /** The viewer as of now: their role may change during a subscription. */
  present(): Viewer | null;
  requestId: string;
  transport: 'http' | 'sse' | 'ws';
  /** The client's address; null if unknown. */
  address: string | null;
  /** The socket's ID; over HTTP, the operation's own. Unique across all nodes. */
  carrierId: string;
  /** Ends the streams that this operation opens. */
  ending: Ending;
  /** The WebSocket it came over; null over HTTP. */
  socket: SocketControl | null;
  /** The IDs its events are sent with, and the one it resumes from; null over a WebSocket. */
  eventIds: EventIds | null;
  /** Its lines carry the request, user and socket IDs. */
  logger: Logger;
}

export interface SocketControl {
  /**
   * Keeps the socket open past its access token's expiry.
   *
   * @returns the new expiry
   * @throws InvalidTokenError unless the token is a valid one of the connection's own session
   */
  renew(accessToken: string): Promise<Date>;
}

export interface Context extends Request {
  services: Services;
  /** For the fields that Pothos reads by itself (`user.ts`). */
  prisma: PrismaClient;
  /** Fresh for each mutation and each event: rows read for one may be stale for the next. */
  loaders: Loaders;
  /** The user whom this operation has just signed in. It began without a viewer, but may show them their own data. */
  signedIn: Pick<Viewer, 'id' | 'role'> | null;
}

/** @param request becomes the context: copying it is a part of what a send costs */
export const createContext = (request: Request, services: Services, prisma: PrismaClient): Context =>
  Object.assign(request, {
    services,
    prisma,
    loaders: new Loaders(services, () => request.viewer),
    signedIn: null,
  });
