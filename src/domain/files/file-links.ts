/**
 * Signed links: whoever has one may put or get the bytes until it expires, without any other credential, because browsers send none
 * with a picture.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { ThumbnailSize } from '../../files/pictures.js';
import type { TokensOptions } from '../accounts/tokens.js';
import type { UploadRow } from './upload-row.js';

export interface Link {
  /** Absolute with PUBLIC_URL; otherwise a path, to be resolved against the address of the API. */
  url: string;
  expiresAt: Date;
}

/** What a link carries besides its path. */
export interface LinkProof {
  /** When it expires, in seconds since 1970. */
  until: number;
  signature: string;
}

type Linked = Pick<UploadRow, 'id' | 'createdAt'>;

export interface FileLinks {
  /** To put the bytes of an upload; good until the upload expires. */
  toUpload(upload: Linked & { expiresAt: Date }): Link;
  /** To get a file, or a thumbnail of it: the same for half an hour, and then good for another half. */
  toFile(file: Linked, size?: ThumbnailSize): Link;
  isForUpload(upload: Linked, proof: LinkProof): boolean;
  isForFile(file: Linked, size: ThumbnailSize | undefined, proof: LinkProof): boolean;
}

export interface FileLinksOptions extends Pick<TokensOptions, 'secret' | 'old'> {
  publicUrl: string | undefined;
}

export const UPLOADS_PATH = '/uploads/';
export const FILES_PATH = '/files/';

const STEP_SECONDS = 1800;

/** @returns null if there is none, or its form is wrong */
export const readProof = (query: URLSearchParams): LinkProof | null => {
  const [until, signature] = [query.get('until') ?? '', query.get('signature') ?? ''];
  if (!/^[1-9]\d{0,11}$/.test(until) || !/^[\w-]{43}$/.test(signature)) return null;
  return { until: Number(until), signature };
};

export const isExpired = ({ until }: LinkProof): boolean => Date.now() >= until * 1000;

export const createFileLinks = ({ secret, old, publicUrl = '' }: FileLinksOptions): FileLinks => {
  const secrets = [secret, ...(old === undefined ? [] : [old.secret])];
  // As access tokens: nodes that do not know the new secret yet must be able to check it.
  const signsFrom = performance.now() + (old?.signsForMs ?? 0);
  const signingSecret = () => (old !== undefined && performance.now() < signsFrom ? old.secret : secret);

  const link = (path: string, subject: string, until: number): Link => ({
    url: `${publicUrl}${path}?until=${until}&signature=${sign(signingSecret(), subject, until)}`,
    expiresAt: new Date(until * 1000),
  });
  const isSigned = (subject: string, { until, signature }: LinkProof) =>
    secrets.some((one) => timingSafeEqual(Buffer.from(sign(one, subject, until)), Buffer.from(signature)));

  return {
    toUpload: (upload) =>
      link(`${UPLOADS_PATH}${upload.id}`, uploadSubject(upload), Math.floor(upload.expiresAt.getTime() / 1000)),
    toFile: (file, size) => {
      const until = (Math.floor(Date.now() / 1000 / STEP_SECONDS) + 2) * STEP_SECONDS;
      return link(`${FILES_PATH}${file.id}${size === undefined ? '' : `/${size}`}`, fileSubject(file, size), until);
    },
    isForUpload: (upload, proof) => isSigned(uploadSubject(upload), proof),
    isForFile: (file, size, proof) => isSigned(fileSubject(file, size), proof),
  };
};

// With the time, because after a restore another file may have its id.
const uploadSubject = ({ id, createdAt }: Linked) => `put ${id} ${createdAt.getTime()}`;
const fileSubject = ({ id, createdAt }: Linked, size = 0) => `get ${id} ${createdAt.getTime()} ${size}`;

/** No JWT has a space, so nothing signed here is one. */
const sign = (secret: string, subject: string, until: number): string =>
  createHmac('sha256', secret).update(`parley file ${subject} ${until}`).digest('base64url');
