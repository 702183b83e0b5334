// Socket.IO as its documentation has it: a room for each chat, WebSocket from the beginning, its Redis adapter between nodes, and
// where clients come back, its connection state recovery with the adapter in memory.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import { Server } from 'socket.io';
import { userOf } from './messages.mjs';
import { connectToRedis } from './redis.mjs';
import { listen, servePeer } from './serve.mjs';

servePeer(async ({ secret, redisUrl, recovers }) => {
  const server = createServer();
  const recovery = { connectionStateRecovery: { maxDisconnectionDuration: 2 * 60 * 1000, skipMiddlewares: true } };
  const io = new Server(server, { transports: ['websocket'], ...(recovers ? recovery : {}) });
  if (redisUrl !== undefined) io.adapter(createAdapter(connectToRedis(redisUrl), connectToRedis(redisUrl)));
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
