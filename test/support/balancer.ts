/** What stands in front of several nodes: hands each connection to the one that has the fewest. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Balancer {
  readonly port: number;
  /** Hands connections on to it from now on. */
  add(port: number): void;
  /** Of each node, in the order in which they were added. */
  counts(): number[];
  stop(): Promise<void>;
}

export const createBalancer = async (): Promise<Balancer> => {
  const nodes: { port: number; sockets: Set<Socket> }[] = [];
  const server = createServer((client) => {
    const [node] = [...nodes].sort((one, other) => one.sockets.size - other.sockets.size);
    if (node === undefined) return client.destroy();
    const target = connect(node.port, '127.0.0.1');
    node.sockets.add(client);
    client.pipe(target).pipe(client);
    const end = () => {
      node.sockets.delete(client);
      client.destroy();
      target.destroy();
    };
    for (const socket of [client, target]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    add: (port) => void nodes.push({ port, sockets: new Set() }),
    counts: () => nodes.map(({ sockets }) => sockets.size),
    stop: async () => {
      for (const { sockets } of nodes) for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
