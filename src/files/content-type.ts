/** What a file is, by its bytes; its name and what its sender says of it count for nothing. */

export type FileKind = 'IMAGE' | 'VIDEO' | 'AUDIO' | 'FILE';

export interface Content {
  /** Without parameters. `application/octet-stream` if nothing is recognised, text included. */
  contentType: string;
  kind: FileKind;
}

export const UNKNOWN_TYPE = 'application/octet-stream';

/** The types that a browser may show in place: those that run no code. Never SVG, HTML or XML. */
const INLINE: Readonly<Record<string, FileKind>> = {
  'image/jpeg': 'IMAGE',
  'image/png': 'IMAGE',
  'image/webp': 'IMAGE',
  'image/gif': 'IMAGE',
  'image/avif': 'IMAGE',
  'video/mp4': 'VIDEO',
  'video/webm': 'VIDEO',
  'audio/mpeg': 'AUDIO',
  'audio/mp4': 'AUDIO',
  'audio/ogg': 'AUDIO',
  'audio/wav': 'AUDIO',
};

/** Other names of the same. */
const ALIASES: Readonly<Record<string, string>> = { 'audio/x-m4a': 'audio/mp4', 'audio/opus': 'audio/ogg' };

export const isInline = (contentType: string): boolean => Object.hasOwn(INLINE, contentType);

export const sniff = async (path: string): Promise<Content> => {
  // Loaded with the first file.
  const { fileTypeFromFile } = await import('file-type');
  const found = await fileTypeFromFile(path).catch(() => undefined);
  const [written = UNKNOWN_TYPE] = found?.mime.split(';') ?? [];
  const contentType = ALIASES[written] ?? written;
  return { contentType, kind: INLINE[contentType] ?? kindOf(contentType) };
};

/** Pictures that are not in the list can neither be read by the server nor shown by every browser: they are files. */
const kindOf = (contentType: string): FileKind => {
  if (contentType.startsWith('video/')) return 'VIDEO';
  return contentType.startsWith('audio/') ? 'AUDIO' : 'FILE';
};
