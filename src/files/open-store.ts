/** Opens the store that the settings name. */
import { join } from 'node:path';
import { readFilesUrl } from '../files-url.js';
import { createBucketStore } from './bucket-store.js';
import type { FileStore } from './file-store.js';
import { createFolderStore } from './folder-store.js';

export interface StoreSettings {
  /** Undefined: in `dataDir`. */
  filesUrl: string | undefined;
  dataDir: string;
}

const FOLDER = 'files';
const SPOOL = 'files-on-their-way';

/** @throws StoreUnavailableError */
export const openFileStore = ({ filesUrl, dataDir }: StoreSettings): Promise<FileStore> => {
  const way = filesUrl === undefined ? { folder: join(dataDir, FOLDER) } : readFilesUrl(filesUrl);
  if ('bucket' in way) return createBucketStore({ way: way.bucket, spool: join(dataDir, SPOOL) });
  if ('folder' in way) return createFolderStore(way.folder);
  throw new TypeError(`FILES_URL: expected ${way.expected}`);
};
