// Socket.IO as its documentation has it: a room for each chat, WebSocket from the beginning.
import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { userOf } from './messages.mjs';
import { listen, servePeer } from './serve.mjs';

servePeer(async ({ secret }) => {
  const server = createServer();
  const io = new Server(server, { transports: ['websocket'] });
  io.use((socket, next) => {
    socket.data.userId = userOf(socket.handshake.auth.token, secret);
    next();
  });
  io.on('connection', (socket) => socket.on('follow', (chatId) => socket.join(chatId)));
  return {
    port: await listen(server),
    publish: (chatId, event) => void io.to(chatId).emit('messageSent', event),
  };
});
