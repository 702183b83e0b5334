/**
 * Pictures of users and chats: uploads that are in use as long as somebody has them. Whoever knows a picture's hash sees it, by a link
 * that stays the same while the picture does: names and pictures of people are no secrets within a server.
 */
import type { Queryable } from '../../db/database.js';
import type { FileStore } from '../../files/file-store.js';
import { AVATAR_SIZES } from '../../files/pictures.js';
import { readStored, type FoundBytes } from './attachments.js';
import { fileNotFound } from './file-refusal.js';

export interface Avatars {
  /**
   * @param avatar as the row of a user or chat has it
   * @param size of the square in which it will be shown, in pixels
   * @returns the smallest that is not smaller, or the largest
   */
  link(avatar: string, size: number): string;
  /** @throws FileRefusal: NOT_FOUND, also for one that nobody has any longer; UnavailableError */
  find(avatar: string, size: number): Promise<FoundBytes>;
}

export interface AvatarsOptions {
  db: Queryable;
  store: FileStore;
  publicUrl: string | undefined;
}

export const AVATARS_PATH = '/avatars/';

const IS_WORN = `SELECT FROM upload
  WHERE hash = decode($1::text, 'hex') AND purpose = 'AVATAR' AND stored_at IS NOT NULL AND expires_at IS NULL LIMIT 1`;

export const createAvatars = ({ db, store, publicUrl = '' }: AvatarsOptions): Avatars => ({
  link: (avatar, asked) => {
    const size = AVATAR_SIZES.find((one) => one >= asked) ?? AVATAR_SIZES.at(-1)!;
    return `${publicUrl}${AVATARS_PATH}${avatar}/${size}`;
  },

  find: async (avatar, asked) => {
    const size = AVATAR_SIZES.find((one) => one === asked);
    if (size === undefined || !/^[0-9a-f]{64}$/.test(avatar)) throw fileNotFound();
    if ((await db.query(IS_WORN, [avatar])).length === 0) throw fileNotFound();
    const key = `${avatar}.${size}`;
    return {
      filename: `${size}.webp`,
      contentType: 'image/webp',
      isInline: true,
      isPublic: true,
      byteSize: null,
      tag: key,
      read: () => readStored(store, key),
    };
  },
});
