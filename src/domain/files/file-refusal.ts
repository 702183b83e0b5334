/** Why bytes are not taken, or not given. The server makes an HTTP status of it. */

export type FileRefusalCode =
  /** The link is expired. */
  | 'LINK_EXPIRED'
  /** No such file, or the link is not for it: the answer is the same. */
  | 'NOT_FOUND'
  /** Other than announced with `createUpload`. */
  | 'WRONG_SIZE'
  /** Longer than announced; or a picture that is too long once it is written anew. */
  | 'TOO_LONG'
  /** Bytes are stored already, and these are others. */
  | 'CONFLICT'
  | 'INFECTED'
  /** For an avatar. */
  | 'NOT_A_PICTURE'
  /** Damaged, or of too many pixels. */
  | 'BAD_PICTURE'
  /** Uploads of this user at once. */
  | 'TOO_MANY'
  /** The bytes came too slowly. */
  | 'TOO_SLOW'
  /** This node has enough to do. */
  | 'BUSY'
  /** The store or the virus scanner is away. */
  | 'UNAVAILABLE';

export class FileRefusal extends Error {
  override name = 'FileRefusal';
  /** @param message for whoever asked */
  constructor(
    readonly code: FileRefusalCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const linkExpired = () => new FileRefusal('LINK_EXPIRED', 'This link is no longer good: ask for another one');
export const fileNotFound = () => new FileRefusal('NOT_FOUND', 'There is no such file, or the link is not for it');
