/** Stores a file of this machine with the server: announced, then put to the signed URL. */
import { openAsBlob } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Connection } from './connection.js';
import { CreateUploadDocument } from './operations.js';
import { refusalOf } from './sender.js';

/**
 * @returns the upload's id, to send as an attachment
 * @throws Error if the file cannot be read, or the server refuses it
 */
export const uploadFile = async (
  connection: Connection,
  path: string,
  absolute: (url: string) => string,
): Promise<string> => {
  const { size } = await stat(path);
  const { createUpload: result } = await connection.run(CreateUploadDocument, {
    input: { filename: basename(path), byteSize: size },
  });
  if (result?.__typename !== 'CreateUploadSuccess') throw new Error(refusalOf(result) ?? '');
  const { id, url, headers } = result.upload;
  const answer = await fetch(absolute(url), {
    method: 'PUT',
    headers: headers as Record<string, string>,
    body: await openAsBlob(path),
  });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return id;
};

/** Refusals are problems (RFC 9457), unless a proxy made them. */
const reasonOf = async (answer: Response): Promise<string> => {
  const said = await answer.text();
  try {
    const { detail, title } = JSON.parse(said) as { detail?: string; title?: string };
    return detail ?? title ?? `The server answered ${answer.status}`;
  } catch {
    return `The server answered ${answer.status}`;
  }
};
