/** A socket of graphql-transport-ws that asks: many operations underway, one answer for each. */
import { WebSocket } from 'ws';

export interface Asker {
  /** @returns the answer's text: a whole frame */
  ask(query: string, variables: Record<string, unknown>): Promise<string>;
  close(): void;
}

export const openAsker = async (url: string, token: string): Promise<Asker> => {
  const socket = new WebSocket(url, ['graphql-transport-ws'], { perMessageDeflate: false });
  const waiting = new Map<string, (text: string) => void>();
  let asked = 0;
  await new Promise<void>((resolve, reject) => {
    socket.on('open', () =>
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } })),
    );
    socket.on('message', (data: Buffer) => {
      const text = data.toString();
      const id = /^\{"id":"(\d+)"/.exec(text)?.[1] ?? /"id":"(\d+)"/.exec(text.slice(-40))?.[1];
      if (text.startsWith('{"type":"connection_ack"')) resolve();
      else if (text.startsWith('{"type":"ping"')) socket.send('{"type":"pong"}');
      else if (id !== undefined && !text.includes('"type":"complete"')) {
        waiting.get(id)?.(text);
        waiting.delete(id);
      }
    });
    socket.on('error', reject);
    socket.on('close', (code, reason) => reject(new Error(`closed: ${code} ${reason.toString()}`)));
  });
  return {
    ask: (query, variables) =>
      new Promise((resolve) => {
        const id = String((asked += 1));
        waiting.set(id, resolve);
        socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
      }),
    close: () => socket.close(),
  };
};
