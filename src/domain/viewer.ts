/** Who is asking, and by what right. */
import type { ApiTokenScope, Role } from '../generated/prisma/enums.js';
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

export type Credential = SessionCredential | ApiTokenCredential | TrustedCredential | IssuedCredential;

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
  readonly scopes: readonly ApiTokenScope[];
}

/** An access token of another product, which the operator trusts. */
export interface TrustedCredential {
  readonly kind: 'trusted';
  /** Who they are there. */
  readonly externalId: string;
}

/** An access token that an administrator, or their program, has issued for a user; the same for the user's next one. */
export interface IssuedCredential {
  readonly kind: 'issued';
  readonly userId: bigint;
}

export const isAdmin = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role === 'ADMIN';
export const isStaff = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role !== 'USER';

/**
 * What administrators do beyond chats is for them and for their programs with the scope ADMIN; whether the viewer is an administrator
 * is looked at where it is done.
 *
 * @throws ForbiddenError for an API token without it, and for a token that was issued
 */
export const mustAdminister = ({ credential }: Viewer): void => {
  if (credential.kind === 'issued')
    throw new ForbiddenError('Nobody has signed in with this token: sign in to administer');
  if (credential.kind === 'apiToken' && !credential.scopes.includes('ADMIN'))
    throw new ForbiddenError('This API token acts in chats only: administration needs one with the scope ADMIN');
};

/**
 * Accounts are for their people.
 *
 * @throws ForbiddenError for an API token
 */
export const mustBePerson = ({ credential }: Viewer): void => {
  if (credential.kind === 'apiToken') throw new ForbiddenError('No API token may do this: sign in for it');
};

/**
 * What outlives the token that was shown is for who has signed in, here or at the product: API tokens.
 *
 * @throws ForbiddenError for an API token, and for a token that was issued
 */
export const mustHaveSignedIn = (viewer: Viewer): void => {
  mustBePerson(viewer);
  if (viewer.credential.kind === 'issued')
    throw new ForbiddenError('Nobody has signed in with this token: sign in for this');
};

/**
 * Sessions and passwords are for those who have one.
 *
 * @throws ForbiddenError for an API token, and for who came with a token that was issued, or with another product's
 */
export const mustBeSession = (viewer: Viewer): SessionCredential => {
  mustBePerson(viewer);
  if (viewer.credential.kind !== 'session') throw new ForbiddenError('There is no session here to do this with');
  return viewer.credential;
};
