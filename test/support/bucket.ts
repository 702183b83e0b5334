/** An S3-compatible server in this process. It is another's; it knows its access keys, but compares no signatures of version 4. */
import S3rver from 's3rver';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './database.js';

export interface Bucket {
  /** As FILES_URL has it. */
  url: string;
  port: number;
  stop(): Promise<void>;
}

/** Gone when the test is. */
export const startBucket = async ({ port = 0, directory = temporaryFolder() } = {}): Promise<Bucket> => {
  const server = new S3rver({
    port,
    address: '127.0.0.1',
    silent: true,
    directory,
    configureBuckets: [{ name: 'parley', configs: [] }],
  });
  const { port: actual } = await server.run();
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= server.close());
  onTestFinished(stop);
  return { url: `s3://S3RVER:S3RVER@127.0.0.1:${actual}/parley?tls=off`, port: actual, stop };
};
