/** A connection of the client module that can be taken away, and stays away until it is given back. */
import type { Client } from 'graphql-ws';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { createConnection } from '@parley-chat/client/connection';
import type { TestNode } from './node.js';
import type { Person } from './people.js';

export interface TestConnection {
  readonly client: Client;
  cut(): void;
  mend(): void;
}

/** For the rest of the test. */
export const connectionOf = (person: Person, node: TestNode = person.node): TestConnection => {
  let mended: Promise<void> = Promise.resolve();
  let mend = () => {};
  const client = createConnection({
    url: async () => {
      await mended;
      return node.socketUrl;
    },
    accessToken: () => person.session.accessToken,
    webSocketImpl: WebSocket,
  });
  onTestFinished(async () => {
    mend();
    await client.dispose();
  });
  return {
    client,
    cut: () => {
      mended = new Promise((resolve) => (mend = resolve));
      client.terminate();
    },
    mend: () => mend(),
  };
};
