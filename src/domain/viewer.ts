/** Who is asking, and by what right. */
import type { Role } from '../generated/prisma/enums.js';
import { ForbiddenError } from './errors.js';

export interface Viewer {
  readonly id: bigint;
  /** As of at most two seconds ago. */
  readonly role: Role;
  /** What was shown. */
  readonly credential: Credential;
  /** When what was shown ends; null: never by itself. */
  readonly expiresAt: Date | null;
}

export type Credential = SessionCredential | ApiTokenCredential | TrustedCredential;

/** An access token of a signed-in device. */
export interface SessionCredential {
  readonly kind: 'session';
  readonly sessionId: string;
}

/** What a program shows. */
export interface ApiTokenCredential {
  readonly kind: 'apiToken';
  /** SHA-256 of the token, in hexadecimal. */
  readonly hash: string;
}

/** An access token of another product, which the operator trusts. */
export interface TrustedCredential {
  readonly kind: 'trusted';
  /** Who they are there. */
  readonly externalId: string;
}

export const isAdmin = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role === 'ADMIN';
export const isStaff = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role !== 'USER';

/**
 * Accounts, tokens and administration are for people: an API token acts as its user in chats and nowhere else.
 *
 * @throws ForbiddenError
 */
export const mustBePerson = ({ credential }: Viewer): void => {
  if (credential.kind === 'apiToken') throw new ForbiddenError('An API token acts in chats only: sign in for this');
};

/**
 * Sessions and passwords are for those who have one.
 *
 * @throws ForbiddenError for an API token, and for who came with another product's token
 */
export const mustBeSession = (viewer: Viewer): SessionCredential => {
  mustBePerson(viewer);
  if (viewer.credential.kind !== 'session') throw new ForbiddenError('There is no session here to do this with');
  return viewer.credential;
};
