/** Files of messages. */
import type { StoredFile } from '../domain/files/upload-row.js';
import { FileKind } from '../generated/prisma/enums.js';
import { builder } from './builder.js';
import { OF_A_SHORT_LIST } from './complexity.js';
import { Message } from './message.js';
import { nodeId } from './node-id.js';

const AttachmentKind = builder.enumType('AttachmentKind', {
  description: 'What a file is, for how to show it.',
  values: {
    [FileKind.IMAGE]: {
      description: 'A picture with width, height, preview and thumbnails: JPEG, PNG, WebP, GIF or AVIF.',
    },
    [FileKind.VIDEO]: { description: 'A video.' },
    [FileKind.AUDIO]: { description: 'A sound.' },
    [FileKind.FILE]: { description: 'Anything else, pictures of other formats included.' },
  } as const,
});

const MOST_THUMBNAIL_SIZE = 640;

export const Attachment = builder.objectRef<StoredFile>('Attachment');

Attachment.implement({
  description:
    'A file of a message. Visible to those who see the message, and until it is sent to its owner; gone with the message.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.id(nodeId('Attachment', ({ id }) => String(id))),
    kind: t.expose('kind', { type: AttachmentKind, description: 'What it is, found by its content.' }),
    filename: t.exposeString('filename', { description: 'As the sender named it, without a path.' }),
    contentType: t.exposeString('contentType', {
      description:
        'Found by its content, not by its name; `application/octet-stream` if nothing was recognised, text included.',
    }),
    byteSize: t.exposeInt('byteSize', { description: 'Of what `url` gives: pictures are written anew, without EXIF.' }),
    width: t.exposeInt('width', { nullable: true, description: 'Of a picture, in pixels, turned as it should be.' }),
    height: t.exposeInt('height', { nullable: true, description: 'Of a picture, in pixels, turned as it should be.' }),
    thumbHash: t.exposeString('thumbHash', {
      nullable: true,
      description: 'A tiny preview of a picture (ThumbHash, base64), to show while it loads.',
    }),
    url: t.string({
      description:
        'Good until `urlExpiresAt`, for whoever has it; the same for all viewers and for half of an hour, so that browsers keep what they loaded. ' +
        'Resolve it against the address of this API: without PUBLIC_URL it is a path.',
      resolve: (file, _args, { services }) => services.attachments.link(file).url,
    }),
    urlExpiresAt: t.field({
      type: 'DateTime',
      description: 'When the links expire, in 30 to 60 minutes. Ask for the attachment again then.',
      resolve: (file, _args, { services }) => services.attachments.link(file).expiresAt,
    }),
    thumbnailUrl: t.string({
      nullable: true,
      description: 'A picture (WebP, still) no larger than this square; null if there is none. Otherwise as `url`.',
      args: {
        size: t.arg.int({
          required: false,
          defaultValue: MOST_THUMBNAIL_SIZE,
          description:
            'The longest side, in pixels: the largest of 64, 128, 320, 640 and 1280 that is not above it is taken.',
        }),
      },
      resolve: (file, { size }, { services }) =>
        services.attachments.thumbnailLink(file, size ?? MOST_THUMBNAIL_SIZE)?.url ?? null,
    }),
  }),
});

builder.objectField(Message, 'attachments', (t) =>
  t.field({
    type: [Attachment],
    description:
      'Its files, in the order of the sender, at most 10; empty once it is deleted, and for a viewer who no longer sees its chat.',
    complexity: OF_A_SHORT_LIST,
    // Messages of a node that knows no files come without a number.
    resolve: (message, _args, { loaders }) => (message.attachmentCount ? loaders.attachments(message) : []),
  }),
);
