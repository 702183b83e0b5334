/** Who is asking. */
import type { Role } from '../generated/prisma/enums.js';

export interface Viewer {
  readonly id: bigint;
  /** As of at most two seconds ago. */
  readonly role: Role;
  /** The signed-in device. */
  readonly sessionId: string;
  /** When the access token that was shown ends. */
  readonly expiresAt: Date;
}

export const isAdmin = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role === 'ADMIN';
export const isStaff = (viewer: Pick<Viewer, 'role'>): boolean => viewer.role !== 'USER';
