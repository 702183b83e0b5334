// Yoga over HTTP and, through graphql-ws, over WebSocket: https://the-guild.dev/graphql/yoga-server/docs/features/subscriptions.
import { createServer } from 'node:http';
import { useServer } from 'graphql-ws/use/ws';
import { createSchema, createYoga } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { userOf } from './messages.mjs';
import { listen } from './serve.mjs';

/** @returns the port of 127.0.0.1 that it has taken */
export const listenByYoga = ({ secret, typeDefs, resolvers, context = () => ({}) }) => {
  const yoga = createYoga({
    logging: false,
    graphiql: false,
    schema: createSchema({ typeDefs, resolvers }),
    // Over WebSocket `onConnect` has looked at the token.
    context: ({ request, extra }) => ({
      userId: extra?.userId ?? userOf(request.headers.get('authorization'), secret),
      ...context(),
    }),
  });
  const server = createServer(yoga);
  const sockets = new WebSocketServer({ server, path: yoga.graphqlEndpoint });
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
  return listen(server);
};
