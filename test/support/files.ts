/** Files as clients send them: announced by GraphQL, then put by plain HTTP. */
import { request as httpRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { onTestFinished } from 'vitest';
import {
  AttachmentDocument,
  CreateUploadDocument,
  type AttachmentQuery,
  type CreateUploadInput,
  type CreateUploadMutation,
} from './generated/operations.js';
import type { TestNode } from './node.js';
import type { Person } from './people.js';

export type Upload = Extract<
  NonNullable<CreateUploadMutation['createUpload']>,
  { __typename: 'CreateUploadSuccess' }
>['upload'];
export type Attachment = Extract<NonNullable<AttachmentQuery['node']>, { __typename: 'Attachment' }>;

/** What a PUT is answered. */
export interface PutAnswer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { code?: string; detail?: string; id?: string; url?: string };
}

/** Fails if it is refused. */
export const createUpload = async (person: Person, input: Partial<CreateUploadInput> = {}): Promise<Upload> => {
  const answer = await tryCreateUpload(person, input);
  if (answer?.__typename !== 'CreateUploadSuccess') throw new Error(JSON.stringify(answer));
  return answer.upload;
};

export const tryCreateUpload = async (person: Person, input: Partial<CreateUploadInput> = {}) => {
  const announced = { filename: 'file.bin', byteSize: 1, ...input };
  return (await person.ask(CreateUploadDocument, { input: announced })).createUpload;
};

/** Against the address of the API, as clients resolve it. */
export const addressOf = (node: TestNode, url: string): URL => new URL(url, node.endpoint);

export const put = async (
  node: TestNode,
  upload: Pick<Upload, 'url'>,
  body: Uint8Array | Readable | string,
  headers: Record<string, string> = {},
): Promise<PutAnswer> => {
  const response = await fetch(addressOf(node, upload.url), {
    method: 'PUT',
    headers: { 'Content-Type': 'application/octet-stream', ...headers },
    body: body as BodyInit,
    ...(typeof body !== 'string' && !(body instanceof Uint8Array) && { duplex: 'half' }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as PutAnswer['body'] };
};

/** Announced, put and accepted. */
export const uploaded = async (person: Person, bytes: Uint8Array, filename = 'file.bin'): Promise<Attachment> => {
  const upload = await createUpload(person, { filename, byteSize: bytes.length });
  const { status, body } = await put(person.node, upload, bytes);
  if (status !== 201) throw new Error(JSON.stringify(body));
  return (await attachmentOf(person, String(body.id)))!;
};

/** Null if they do not see it. */
export const attachmentOf = async (person: Person, id: string): Promise<Attachment | null> =>
  (await person.ask(AttachmentDocument, { id })).node as Attachment | null;

export const get = (node: TestNode, url: string, init: RequestInit = {}): Promise<Response> =>
  fetch(addressOf(node, url), init);

/** Begins to put; the rest comes when it is told to. */
export const beginPut = (node: TestNode, upload: Upload, bytes: Buffer) => {
  const request = httpRequest(addressOf(node, upload.url), {
    method: 'PUT',
    headers: { 'Content-Length': bytes.length },
  });
  onTestFinished(() => void request.destroy());
  const status = new Promise<number | string>((resolve) => {
    request.once('response', (response) => resolve(response.resume().statusCode!));
    request.once('error', (error) => resolve(error.message));
  });
  request.write(bytes.subarray(0, 10));
  return { status, finish: () => request.end(bytes.subarray(10)) };
};
