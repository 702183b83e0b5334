// A chat by Prisma and Yoga as their documentation has them: a transaction for each message, Yoga's pub/sub, graphql-ws over ws.
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import { GraphQLError } from 'graphql';
import { createPubSub } from 'graphql-yoga';
import { MESSAGE_TYPES } from './messages.mjs';
import { servePeer } from './serve.mjs';
import { listenByYoga } from './yoga-server.mjs';

const { PrismaClient } = createRequire(import.meta.url)('../node_modules/.prisma/bench');

servePeer(async ({ secret, databaseUrl }) => {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: databaseUrl }) });
  const pubSub = createPubSub();

  const send = (chatId, senderId, text) =>
    prisma.$transaction(
      async (tx) => {
        const member = await tx.member.findUnique({ where: { chatId_userId: { chatId, userId: senderId } } });
        if (member === null) throw new GraphQLError('Not a member');
        const { headSeq: seq } = await tx.chat.update({ where: { id: chatId }, data: { headSeq: { increment: 1 } } });
        return tx.message.create({ data: { chatId, seq, senderId, text }, include: { sender: true } });
      },
      { maxWait: 60_000, timeout: 60_000 }, // by default 2 s and 5 s, which an overloaded machine exceeds
    );

  const port = await listenByYoga({
    secret,
    typeDefs: `type Query { hello: String } type Mutation { sendMessage(chatId: ID!, text: String!): Message! } ${MESSAGE_TYPES}`,
    resolvers: {
      Message: { createdAt: ({ createdAt }) => createdAt.toISOString() },
      Mutation: {
        sendMessage: async (_root, { chatId, text }, { userId }) => {
          const message = await send(Number(chatId), Number(userId), text);
          pubSub.publish('chatEvents', chatId, {
            seq: message.seq,
            cursor: `${chatId}:${message.seq}`,
            chatId,
            message,
          });
          return message;
        },
      },
      Subscription: {
        chatEvents: {
          subscribe: (_root, { chatId }) => pubSub.subscribe('chatEvents', chatId),
          resolve: (event) => event,
        },
      },
    },
  });
  return { port };
});
