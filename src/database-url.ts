/**
 * Parses DATABASE_URL as libpq does: several hosts, Unix sockets, `sslmode`. The driver supports only one host, ignores unknown
 * parameters, and gives `sslmode=require` another meaning.
 */
import { readFileSync } from 'node:fs';

export interface DatabaseUrl {
  /** Undefined: the driver takes it from the environment or the operating system's user. */
  user: string | undefined;
  password: string | undefined;
  database: string | undefined;
  /** At least one: a name, an address, or the folder of a Unix socket. Undefined: the driver's default. */
  hosts: { host: string | undefined; port: number | undefined }[];
  /** Undefined: as in PGSSLMODE, otherwise without TLS. */
  ssl: SslOptions | false | undefined;
  /** Prisma's parameter: the schema that holds the tables. */
  schema: string | undefined;
  /** Other parameters that the driver knows. */
  others: Record<string, string>;
}

export interface SslOptions {
  /** Whether the certificate must be signed by a trusted authority. */
  isVerified: boolean;
  /** Whether the certificate must also match the host name. */
  isNameVerified: boolean;
  /** In PEM. */
  rootCertificate?: string | undefined;
  certificate?: string | undefined;
  key?: string | undefined;
  /** `direct`: the TLS handshake without PostgreSQL's SSLRequest before it. */
  negotiation?: 'direct' | 'postgres' | undefined;
}

/** Its message completes "expected …", and quotes nothing of the URL, which may hold a password. */
export class DatabaseUrlError extends Error {
  override name = 'DatabaseUrlError';
}

const URL_PARTS =
  /^postgres(?:ql)?:\/\/(?:(?<account>[^/?#]*)@)?(?<hosts>[^/?#]*)(?:\/(?<database>[^?#]*))?(?:\?(?<query>[^#]*))?$/i;

/** @throws DatabaseUrlError */
export const parseDatabaseUrl = (written: string): DatabaseUrl => {
  const parts = URL_PARTS.exec(written)?.groups;
  if (parts === undefined) {
    throw new DatabaseUrlError(
      'a URL that begins with postgresql:// or postgres://, with special characters in the password percent-encoded',
    );
  }
  const query = new URLSearchParams(parts.query ?? '');
  const [, user = '', password = ''] = /^([^:]*)(?::(.*))?$/.exec(parts.account ?? '') ?? [];
  return {
    user: query.get('user') ?? decoded(user),
    password: query.get('password') ?? decoded(password),
    database: query.get('dbname') ?? decoded(parts.database ?? ''),
    hosts: readHosts(parts.hosts!, query),
    ssl: readSsl(query),
    schema: readSchema(query),
    others: readOthers(query),
  };
};

/** A percent sign without two hexadecimal digits after it is literal. */
const decoded = (text: string): string | undefined => {
  if (text === '') return undefined;
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text;
  }
};

const readHosts = (written: string, query: URLSearchParams): DatabaseUrl['hosts'] => {
  const inUrl = written === '' ? [] : written.split(',').map(readHost);
  const names = query.get('host')?.split(',') ?? inUrl.map(({ host }) => host);
  const ports = query.get('port')?.split(',').map(readPort) ?? inUrl.map(({ port }) => port);
  if (ports.length > 1 && ports.length !== names.length) {
    throw new DatabaseUrlError(
      `one port for all hosts, or one for each: there are ${names.length} and ${ports.length}`,
    );
  }
  const hosts = (names.length === 0 ? [undefined] : names).map((host, n) => ({
    host: host === '' ? undefined : host,
    port: ports.length === 1 ? ports[0] : ports[n],
  }));
  mustWrite(query);
  return hosts;
};

const readHost = (written: string): { host: string; port: number | undefined } => {
  const {
    host = '',
    address = '',
    port,
  } = /^(?:\[(?<address>[^\]]*)\]|(?<host>[^:]*))(?::(?<port>.*))?$/.exec(written)?.groups ?? {};
  return { host: address || (decoded(host) ?? ''), port: readPort(port ?? '') };
};

const readPort = (written: string): number | undefined => {
  if (written === '') return undefined;
  const port = /^\d{1,5}$/.test(written) ? Number(written) : NaN;
  if (port >= 1 && port <= 65_535) return port;
  throw new DatabaseUrlError(
    'a URL whose ports are numbers from 1 to 65535, and in which : / ? # @ of a password are percent-encoded',
  );
};

/** Parley always picks the host that accepts writes, whichever of these values is set. */
const mustWrite = (query: URLSearchParams): void => {
  const wanted = query.get('target_session_attrs') ?? 'any';
  if (['any', 'read-write', 'primary'].includes(wanted)) return;
  throw new DatabaseUrlError('target_session_attrs to be read-write, primary or any, as Parley writes to its database');
};

const readSsl = (query: URLSearchParams): SslOptions | false | undefined => {
  const mode = query.get('sslmode') ?? modeOf(query.get('ssl'));
  const root = query.get('sslrootcert') ?? undefined;
  const files = {
    // libpq's name for the authorities that the system (here Node) trusts by default.
    rootCertificate: root === 'system' ? undefined : readFile('sslrootcert', query),
    certificate: readFile('sslcert', query),
    key: readFile('sslkey', query),
    negotiation: query.get('sslnegotiation') === 'direct' ? ('direct' as const) : undefined,
  };
  const isSaid = Object.values(files).some((file) => file !== undefined) || root !== undefined;
  switch (mode ?? (isSaid ? 'verify-full' : undefined)) {
    case undefined:
      return undefined;
    case 'disable':
      return false;
    case 'require':
      // As in libpq: naming a root certificate asks for verification.
      return { ...files, isVerified: files.rootCertificate !== undefined, isNameVerified: false };
    case 'no-verify':
      return { ...files, isVerified: false, isNameVerified: false };
    case 'verify-ca':
      if (files.rootCertificate !== undefined) return { ...files, isVerified: true, isNameVerified: false };
      throw new DatabaseUrlError(
        'sslmode=verify-ca together with sslrootcert=FILE, as anyone can get a certificate from a public authority, or sslmode=verify-full',
      );
    case 'verify-full':
      return { ...files, isVerified: true, isNameVerified: true };
    case 'allow':
    case 'prefer':
      throw new DatabaseUrlError(
        `sslmode to be disable, require, verify-ca or verify-full: ${mode} silently continues without TLS if the server has none`,
      );
    default:
      throw new DatabaseUrlError('sslmode to be disable, require, verify-ca or verify-full');
  }
};

const readFile = (name: string, query: URLSearchParams): string | undefined => {
  const path = query.get(name);
  if (path === null) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new DatabaseUrlError(`${name} to be a file that can be read (${code}: ${path})`);
  }
};

/** The driver's own parameter. */
const modeOf = (ssl: string | null): string | undefined => {
  if (ssl === null) return undefined;
  if (ssl === 'true' || ssl === '1') return 'verify-full';
  return ssl === 'false' || ssl === '0' ? 'disable' : ssl;
};

const readSchema = (query: URLSearchParams): string | undefined => {
  const schema = query.get('schema') ?? undefined;
  if (schema === undefined || /^[a-z_][a-z0-9_$]{0,62}$/i.test(schema)) return schema;
  throw new DatabaseUrlError('schema to be the name of one schema: letters, digits and _');
};

const PASSED_ON = ['application_name', 'fallback_application_name', 'options'];

const readOthers = (query: URLSearchParams): Record<string, string> =>
  Object.fromEntries([...query].filter(([name]) => PASSED_ON.includes(name)));
