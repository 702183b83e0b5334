// graphql-yoga as its documentation has it: its own pub/sub, graphql-ws over ws, Server-Sent Events built in.
import { createServer } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { SUBSCRIPTION_TYPES, userOf } from './messages.mjs';
import { listen, servePeer } from './serve.mjs';

servePeer(async ({ secret }) => {
  const pubSub = createPubSub();
  const yoga = createYoga({
    logging: false,
    graphiql: false,
    schema: createSchema({
      typeDefs: `type Query { hello: String } ${SUBSCRIPTION_TYPES}`,
      resolvers: {
        Subscription: {
          chatEvents: {
            subscribe: (_root, { chatId }) => pubSub.subscribe('chatEvents', chatId),
            resolve: (event) => event,
          },
        },
      },
    }),
    // Over WebSocket `onConnect` has done it.
    context: ({ request, extra }) => ({
      userId: extra?.userId ?? userOf(request.headers.get('authorization'), secret),
    }),
  });

  const server = createServer(yoga);
  const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint });
  // As https://the-guild.dev/graphql/yoga-server/docs/features/subscriptions says.
  useServer(
    {
      execute: (args) => args.rootValue.execute(args),
      subscribe: (args) => args.rootValue.subscribe(args),
      onConnect: ({ connectionParams, extra }) => {
        extra.userId = userOf(connectionParams?.authorization, secret);
      },
      onSubscribe: async (ctx, _id, params) => {
        const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
          ...ctx,
          req: ctx.extra.request,
          socket: ctx.extra.socket,
          params,
        });
        const args = {
          schema,
          operationName: params.operationName,
          document: parse(params.query),
          variableValues: params.variables,
          contextValue: await contextFactory(),
          rootValue: { execute, subscribe },
        };
        const errors = validate(args.schema, args.document);
        return errors.length > 0 ? errors : args;
      },
    },
    sockets,
  );
  return {
    port: await listen(server),
    publish: (chatId, event) => pubSub.publish('chatEvents', chatId, event),
  };
});
