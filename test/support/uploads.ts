/** Files that are put without a server. */
import { Readable } from 'node:stream';
import { readProof } from '../../src/domain/files/file-links.js';
import type { Announced } from '../../src/domain/files/uploads.js';
import type { Viewer } from '../../src/domain/viewer.js';
import type { UploadPurpose } from '../../src/generated/prisma/enums.js';
import type { DomainNode } from './domain.js';

type Node = Pick<DomainNode, 'uploads'>;

export const announce = ({ uploads }: Node, owner: Viewer, bytes: Uint8Array, purpose: UploadPurpose = 'ATTACHMENT') =>
  uploads.create(owner, { purpose, filename: 'file', byteSize: bytes.length });

export const put = async ({ uploads }: Node, { id, link }: Announced, bytes: Uint8Array) => {
  const underway = await uploads.begin(id, readProof(new URL(link.url, 'http://localhost').searchParams)!);
  try {
    return await underway.receive(Readable.from([bytes]), new AbortController().signal);
  } finally {
    underway.end();
  }
};

/** Announced, put and stored. */
export const upload = async (node: Node, owner: Viewer, bytes: Uint8Array, purpose?: UploadPurpose) =>
  put(node, await announce(node, owner, bytes, purpose), bytes);
