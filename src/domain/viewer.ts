/** Who is asking, and with which credential. */
import type { ApiTokenScope, Role } from '../generated/prisma/enums.js';
import { ForbiddenError } from './errors.js';

export interface Viewer {
  readonly id: bigint;
  /** As of at most two seconds ago. */
  readonly role: Role;
  /** The credential shown. */
  readonly credential: Credential;
  /** When that credential expires; null: never by itself. */
  readonly expiresAt: Date | null;
}

export type Credential = SessionCredential | ApiTokenCredential | TrustedCredential | IssuedCredential;

/** An access token of a signed-in device. */
export interface SessionCredential {
  readonly kind: 'session';
  readonly sessionId: string;
}

/** An API token of a program. */
export interface ApiTokenCredential {
  readonly kind: 'apiToken';
  /** SHA-256 of the token, in hexadecimal. */
  readonly hash: string;
  readonly scopes: readonly ApiTokenScope[];
}

/** An access token of another product, which the operator trusts. */
export interface TrustedCredential {
  readonly kind: 'trusted';
  /** Their id in that product. */
  readonly externalId: string;
}

/** An access token that an administrator, or their program, has issued for a user; all of one user's share one credential. */
export interface IssuedCredential {
  readonly kind: 'issued';
  readonly userId: bigint;
}

export const isAdmin = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role === 'ADMIN';
export const isStaff = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role !== 'USER';

/**
 * Administration beyond chats is for administrators and for their programs with the scope ADMIN; each action checks itself
 * whether the viewer is an administrator.
 *
 * @throws ForbiddenError for an API token without that scope, and for an issued token
 */
export const mustAdminister = ({ credential }: Viewer): void => {
  if (credential.kind === 'issued')
    throw new ForbiddenError('Nobody has signed in with this token: sign in to administer');
  if (credential.kind === 'apiToken' && !credential.scopes.includes('ADMIN'))
    throw new ForbiddenError('This API token acts in chats only: administration needs one with the scope ADMIN');
};

/** Whether they are an administrator who may administer, as `mustAdminister` has it. */
export const mayAdminister = (viewer: Viewer): boolean => {
  const { credential } = viewer;
  const isLimited =
    credential.kind === 'issued' || (credential.kind === 'apiToken' && !credential.scopes.includes('ADMIN'));
  return isAdmin(viewer) && !isLimited;
};

/**
 * Accounts are managed by their owners, not by programs.
 *
 * @throws ForbiddenError for an API token
 */
export const mustBePerson = ({ credential }: Viewer): void => {
  if (credential.kind === 'apiToken') throw new ForbiddenError('No API token may do this: sign in for it');
};

/**
 * What outlives the token that was shown (API tokens) is for users who have signed in, here or at the product.
 *
 * @throws ForbiddenError for an API token, and for an issued token
 */
export const mustHaveSignedIn = (viewer: Viewer): void => {
  mustBePerson(viewer);
  if (viewer.credential.kind === 'issued')
    throw new ForbiddenError('Nobody has signed in with this token: sign in for this');
};

/**
 * Sessions and passwords are for viewers who have a session.
 *
 * @throws ForbiddenError for an API token, an issued token, and another product's token
 */
export const mustBeSession = (viewer: Viewer): SessionCredential => {
  mustBePerson(viewer);
  if (viewer.credential.kind !== 'session') throw new ForbiddenError('There is no session here to do this with');
  return viewer.credential;
};
