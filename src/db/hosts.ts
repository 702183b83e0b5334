/** Where connections to PostgreSQL go: to one host, or to the first of several that takes writes; if it is lost, a new one is chosen. */
import pg from 'pg';
import type { DatabaseUrl } from '../database-url.js';

export interface Hosts {
  /** Creates clients that pick their host when they connect. */
  Client: typeof pg.Client;
  /** Whether a connection that takes no writes must be given up: another host may take them. */
  readonly isChoosing: boolean;
  /** The chosen host takes no writes, or is away: the next connection chooses again. */
  forget(): void;
}

type Host = DatabaseUrl['hosts'][number];

/** For each host, all in parallel. A connection has 3 s. */
const LOOK_MS = 2000;

/** @param config of a client, without the host */
export const createHosts = (hosts: readonly Host[], config: pg.ClientConfig): Hosts => {
  if (hosts.length === 1) return { Client: pg.Client, isChoosing: false, forget: () => {} };
  let chosen: Host | undefined;
  let choosing: Promise<Host> | undefined;

  const choose = async (): Promise<Host> => {
    const looks = hosts.map((host) => mustBeWritable(host, config));
    const reasons: string[] = [];
    for (const [n, look] of looks.entries()) {
      const reason = await look;
      if (reason === undefined) return (chosen = hosts[n]!);
      reasons.push(`${hosts[n]!.host}: ${reason}`);
    }
    throw new Error(`None of its hosts can be written to (${reasons.join(', ')})`);
  };

  const pick = (): Promise<Host> => {
    if (chosen !== undefined) return Promise.resolve(chosen);
    choosing ??= choose().finally(() => (choosing = undefined));
    return choosing;
  };

  class Client extends pg.Client {
    override connect(): Promise<this>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<this> | void {
      const connecting = this.connectToPicked();
      if (callback === undefined) return connecting;
      void connecting.then(() => callback(undefined as unknown as Error), callback);
    }

    private async connectToPicked(): Promise<this> {
      Object.assign(this, addressOf(await pick()));
      try {
        await super.connect();
        return this;
      } catch (error) {
        chosen = undefined;
        throw error;
      }
    }
  }

  return { Client, isChoosing: true, forget: () => (chosen = undefined) };
};

/** In the form that clients take; for undefined fields the driver has defaults. */
export const addressOf = ({ host, port }: Host): { host?: string; port?: number } => ({
  ...(host !== undefined && { host }),
  ...(port !== undefined && { port }),
});

/** @returns why it takes no writes; undefined if it does */
const mustBeWritable = async (host: Host, config: pg.ClientConfig): Promise<string | undefined> => {
  const client = new pg.Client({
    ...config,
    ...addressOf(host),
    connectionTimeoutMillis: LOOK_MS,
    query_timeout: LOOK_MS,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ isReadOnly: boolean }>(
      `SELECT current_setting('transaction_read_only')::boolean AS "isReadOnly"`,
    );
    return rows[0]!.isReadOnly ? 'read only' : undefined;
  } catch (error) {
    return error instanceof Error && error.message !== '' ? error.message : 'away';
  } finally {
    void client.end().catch(() => {});
  }
};
