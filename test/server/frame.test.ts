import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { WebSocket } from 'ws';
import { expect, it, onTestFinished } from 'vitest';
import { framesOf } from '../../src/server/frame.js';

/** What a client that takes a connection for a WebSocket reads of these bytes. */
const readBy = async (bytes: Buffer, count: number): Promise<string[]> => {
  const server = createServer((socket) => {
    socket.once('data', (request) => {
      const key = /sec-websocket-key: (.+)\r\n/i.exec(String(request))![1]!;
      const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
      socket.write(`${[...head, `Sec-WebSocket-Accept: ${acceptOf(key)}`].join('\r\n')}\r\n\r\n`);
      socket.write(bytes);
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const texts: string[] = [];
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as { port: number }).port}`);
  onTestFinished(() => client.terminate());
  client.on('message', (data: Buffer) => texts.push(data.toString()));
  await expect.poll(() => texts).toHaveLength(count);
  return texts;
};

const acceptOf = (key: string) =>
  createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');

it('is read as what it was written from, whatever its length and its parts', async () => {
  const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000];
  const payloads = lengths.map((length) => ['{', 'ä'.repeat(Math.floor(length / 2)), 'x'.repeat(length % 2), '}']);

  const texts = await readBy(framesOf(payloads.map((parts) => parts.map((part) => Buffer.from(part)))), lengths.length);

  expect(texts).toEqual(payloads.map((parts) => parts.join('')));
});
