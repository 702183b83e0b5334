/** FILES_URL: where the bytes of files are kept, a folder or an S3-compatible bucket. */
import { fileURLToPath } from 'node:url';

/** A bucket, addressed by path: `https://HOST/BUCKET/KEY`. */
export interface BucketWay {
  /** Without a trailing slash, with the bucket and the prefix. */
  url: string;
  accessKeyId: string;
  secretAccessKey: string;
  region: string;
}

export type FilesWay = { folder: string } | { bucket: BucketWay } | { expected: string };

const FORM = 's3://KEY:SECRET@HOST/BUCKET?region=REGION';
const DEFAULT_REGION = 'us-east-1';
const PARAMETERS = ['region', 'tls'];

/** @returns the way to the files. If the URL is malformed, what is expected instead, to complete "expected …" */
export const readFilesUrl = (written: string): FilesWay => {
  if (!URL.canParse(written)) return { expected: `a URL such as ${FORM}, with special characters percent-encoded` };
  const url = new URL(written);
  if (url.protocol === 'file:') return readFolder(url);
  if (url.protocol === 's3:') return readBucket(url);
  return { expected: `a URL that begins with s3:// or file://, such as ${FORM} or file:///srv/parley-files` };
};

const readFolder = (url: URL): FilesWay => {
  if (url.host !== '' || url.pathname === '/')
    return { expected: 'the path of a folder after file://, as in file:///srv/parley-files' };
  return { folder: fileURLToPath(url) };
};

const readBucket = ({ host, username, password, pathname, searchParams }: URL): FilesWay => {
  if (host === '' || !/^\/[a-z0-9][a-z0-9.-]+/i.test(pathname))
    return { expected: `a host and, after it, a bucket: ${FORM}` };
  if (username === '' || password === '') return { expected: `an access key and its secret before the host: ${FORM}` };
  const unknown = [...searchParams.keys()].find((key) => !PARAMETERS.includes(key));
  if (unknown !== undefined) return { expected: `only ${PARAMETERS.join(' and ')} after the ?` };
  const tls = searchParams.get('tls') ?? 'on';
  if (tls !== 'on' && tls !== 'off') return { expected: 'tls=on or tls=off after the ?' };
  return {
    bucket: {
      url: `${tls === 'on' ? 'https' : 'http'}://${host}${pathname.replace(/\/+$/, '')}`,
      accessKeyId: decodeURIComponent(username),
      secretAccessKey: decodeURIComponent(password),
      region: searchParams.get('region') ?? DEFAULT_REGION,
    },
  };
};
