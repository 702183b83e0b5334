// The floor: ws alone. A Set of sockets for each chat, one JSON text for all of them.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';
import { userOf } from './messages.mjs';
import { listen, servePeer } from './serve.mjs';

servePeer(async ({ secret }) => {
  const followers = new Map();
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.once('message', (data) => {
      const { token, chatId } = JSON.parse(data);
      userOf(token, secret);
      if (!followers.has(chatId)) followers.set(chatId, new Set());
      followers.get(chatId).add(socket);
      socket.once('close', () => followers.get(chatId).delete(socket));
      socket.send('{"ready":true}');
    });
  });
  return {
    port: await listen(server),
    publish: (chatId, event) => {
      const text = JSON.stringify({ type: 'messageSent', payload: event });
      for (const socket of followers.get(chatId) ?? []) socket.send(text);
    },
  };
});
