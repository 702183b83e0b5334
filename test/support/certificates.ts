/** A certificate authority of one's own, and what it signs: in a folder that goes with the run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './database.js';

export interface Authority {
  /** The file of its certificate, in PEM. */
  root: string;
  /** @returns the files of a certificate for these, as `DNS:localhost,IP:127.0.0.1`, and of its key */
  sign(names: string): { certificate: string; key: string };
}

const openssl = (...args: string[]) => void execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export const createAuthority = (): Authority => {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755); // a server of another user reads its files there
  const root = join(folder, 'root.pem');
  const rootKey = join(folder, 'root.key');
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    rootKey,
    '-out',
    root,
    '-days',
    '2',
    '-subj',
    '/CN=an authority of tests',
  );
  let signed = 0;
  return {
    root,
    sign: (names) => {
      const [certificate, key, request, extensions] = ['pem', 'key', 'csr', 'ext'].map((end) =>
        join(folder, `${signed}.${end}`),
      ) as [string, string, string, string];
      signed += 1;
      openssl('req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=a server of tests');
      writeFileSync(extensions, `subjectAltName=${names}`);
      openssl(
        ...'x509 -req -days 2 -CAcreateserial -in'.split(' '),
        request,
        '-CA',
        root,
        '-CAkey',
        rootKey,
        '-out',
        certificate,
        '-extfile',
        extensions,
      );
      giveToServer(key);
      return { certificate, key };
    },
  };
};

/** PostgreSQL takes no key that others may read. */
const giveToServer = (file: string) => {
  chmodSync(file, 0o600);
  if (process.getuid?.() !== 0) return;
  const id = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  chownSync(file, id('-u'), id('-g'));
};
