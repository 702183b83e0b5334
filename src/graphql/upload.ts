/** Files on their way. */
import { ForbiddenError, InvalidInputError, NotFoundError, RateLimitedError } from '../domain/errors.js';
import type { Announced } from '../domain/files/uploads.js';
import { UploadPurpose as PrismaUploadPurpose } from '../generated/prisma/enums.js';
import { builder } from './builder.js';
import { decodeRowId, encodeGlobalId } from './global-id.js';

const UploadPurpose = builder.enumType('UploadPurpose', {
  description: 'What a file is sent for.',
  values: {
    [PrismaUploadPurpose.ATTACHMENT]: { description: 'To be sent with a message.' },
    [PrismaUploadPurpose.AVATAR]: { description: 'The picture of a user or a chat: JPEG, PNG, WebP, GIF or AVIF.' },
  } as const,
});

/** Browsers would send the type of the file, and so each another one; the server looks at the bytes. */
const HEADERS = { 'Content-Type': 'application/octet-stream' };

const Upload = builder.objectRef<Announced>('Upload').implement({
  description:
    'A file on its way: send its bytes to `url`, then name it in `sendMessage`. Unused ones are gone after a day. See docs/files.md.',
  fields: (t) => ({
    id: t.id({
      description: 'Opaque, stable, globally unique ID.',
      resolve: ({ id }) => encodeGlobalId('Upload', id),
    }),
    url: t.string({
      description:
        'PUT the bytes here, with these headers and no others of yours. 201: stored and checked, with the `Attachment` as JSON; otherwise a problem ' +
        '(RFC 9457) that says why. The same bytes may be put again. Resolve it against the address of this API: without PUBLIC_URL it is a path.',
      resolve: ({ link }) => link.url,
    }),
    headers: t.field({ type: 'JSONObject', description: 'To be sent with the bytes.', resolve: () => HEADERS }),
    maxBytes: t.exposeInt('byteSize', { description: 'How many bytes to put: as announced, neither more nor fewer.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it is gone unless it is used.' }),
  }),
});

const CreateUploadSuccess = builder.objectRef<{ upload: Announced }>('CreateUploadSuccess').implement({
  description: 'The file is announced.',
  fields: (t) => ({ upload: t.expose('upload', { type: Upload, description: 'Where to put its bytes.' }) }),
});

builder.mutationField('createUpload', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      'Announces a file of the viewer, who then puts its bytes to a signed URL. It counts as theirs (FILES_MB_PER_USER) from now on. At most 100 may wait to be used.',
    type: CreateUploadSuccess,
    nullable: true,
    argOptions: { description: 'The file to send.' },
    typeOptions: { description: 'A file to send.' },
    input: {
      purpose: t.input.field({
        type: UploadPurpose,
        required: false,
        defaultValue: 'ATTACHMENT',
        description: 'What it is for.',
      }),
      filename: t.input.string({
        description:
          'Its name, of at most 255 bytes in UTF-8. A path before it is left out, and so are characters that turn the direction of writing.',
      }),
      byteSize: t.input.int({ description: 'How many bytes it has: from 1 to `ServerInfo.maxAttachmentBytes`.' }),
      contentType: t.input.string({
        required: false,
        description: 'What the client takes it for. A hint only: the server looks at the bytes.',
      }),
    },
    errors: { types: [ForbiddenError, InvalidInputError, RateLimitedError] },
    resolve: async (_root, { input: { purpose, filename, byteSize } }, { viewer, services }) => ({
      upload: await services.uploads.create(viewer, { purpose: purpose ?? 'ATTACHMENT', filename, byteSize }),
    }),
  }),
);

const DeleteUploadSuccess = builder.objectRef<{ uploadId: string }>('DeleteUploadSuccess').implement({
  description: 'The upload is gone, and no longer counts.',
  fields: (t) => ({ uploadId: t.exposeID('uploadId', { description: 'The upload that is gone.' }) }),
});

builder.mutationField('deleteUpload', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Takes back one of the viewer's uploads that is not used yet.",
    type: DeleteUploadSuccess,
    nullable: true,
    argOptions: { description: 'The upload to take back.' },
    typeOptions: { description: 'An upload to take back.' },
    input: { uploadId: t.input.id({ description: "One of the viewer's own." }) },
    errors: { types: [NotFoundError] },
    resolve: async (_root, { input: { uploadId } }, { viewer, services }) => {
      await services.uploads.delete(viewer, decodeRowId('Upload', uploadId));
      return { uploadId };
    },
  }),
);
