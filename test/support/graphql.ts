/** The schema over real rules on a database of a test file's own, without the server around it. */
import { randomUUID } from 'node:crypto';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { createSourceEventStream, execute, parse, validate, type ExecutionArgs, type ExecutionResult } from 'graphql';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { createEnding, type EndingControl } from '../../src/domain/streams/ending.js';
import type { Viewer } from '../../src/domain/viewer.js';
import { createContext, type Context } from '../../src/graphql/context.js';
import { EventContext } from '../../src/graphql/event-context.js';
import { schema } from '../../src/graphql/schema.js';
import { createLogger } from '../../src/logger.js';
import { createTally } from '../../src/meters.js';
import { withChats } from './chats.js';
import { domainNode } from './domain.js';

type Variables = Record<string, unknown>;

/** One node; gone when the test is. */
export const graphqlNode = async (db: Database) => {
  const node = await domainNode(db);
  const services = {
    ...node,
    server: {
      name: 'Parley',
      version: '0.0.0',
      passwordLogin: true,
      directChats: 'everyone' as const,
      groupCreators: 'admins' as const,
      messageMaxLength: 1000,
      messagesPerMinute: 0,
      maxAttachmentBytes: 1000,
    },
    mutations: createTally(),
  };

  interface Asking {
    ending?: EndingControl;
  }

  const argsFor = (viewer: Viewer | null, source: string, variableValues: Variables, asking: Asking): ExecutionArgs => {
    const document = parse(source);
    const [mistake] = validate(schema, document);
    if (mistake) throw mistake;
    const { ending = createEnding() } = asking;
    const logger = createLogger({ level: 'silent', stream: { write: () => undefined } });
    const request = {
      viewer,
      ending,
      socket: null,
      logger,
      address: '192.0.2.1',
      present: () => viewer,
      requestId: 'test',
      carrierId: randomUUID(),
      transport: 'http' as const,
      eventIds: null,
    };
    const contextValue = createContext(request, services, db.prisma);
    return { schema, document, variableValues, contextValue };
  };

  return {
    ...withChats(node),

    /** What graphql-js runs, for one who asks alone. */
    args: (viewer: Viewer | null, source: string, variables: Variables = {}) => argsFor(viewer, source, variables, {}),

    /** Answers as they are: with the errors that there are. */
    ask: async (viewer: Viewer | null, source: string, variables: Variables = {}, asking: Asking = {}) =>
      plain(await execute(argsFor(viewer, source, variables, asking))),

    /** What there is no error in. */
    read: async <Data = Record<string, never>>(
      viewer: Viewer | null,
      source: string,
      variables: Variables = {},
    ): Promise<Data> => {
      const { data, errors } = await execute(argsFor(viewer, source, variables, {}));
      if (errors?.[0]) throw errors[0].originalError ?? errors[0];
      return plain(data) as Data;
    },

    /** A subscription that stands; ended with the test. */
    follow: async (viewer: Viewer | null, source: string, variables: Variables = {}, asking: Asking = {}) => {
      const args = argsFor(viewer, source, variables, asking);
      const deliveries = await createSourceEventStream(args);
      if (!(Symbol.asyncIterator in deliveries)) throw new Error(JSON.stringify(deliveries));
      const iterator = deliveries[Symbol.asyncIterator]() as AsyncIterableIterator<unknown>;
      const stop = async () => void (await iterator.return?.());
      onTestFinished(stop);
      return {
        /** Null once it is complete. */
        next: async () => {
          const delivery = await iterator.next();
          if (delivery.done) return null;
          const contextValue = new EventContext(args.contextValue as Context);
          return plain(await execute({ ...args, rootValue: delivery.value, contextValue }));
        },
        return: stop,
      };
    },

    /** What a subscription that cannot stand is answered. */
    refusal: async (viewer: Viewer | null, source: string, variables: Variables = {}) => {
      const result = await createSourceEventStream(argsFor(viewer, source, variables, {}));
      if (Symbol.asyncIterator in result) throw new Error('It stands');
      return result.errors?.[0]?.originalError ?? result.errors?.[0];
    },
  };
};

export type GraphqlNode = Awaited<ReturnType<typeof graphqlNode>>;

/** As a client reads it. */
const plain = <Value>(value: Value) => JSON.parse(JSON.stringify(value)) as ResultOf<Value>;
type ResultOf<Value> = Value extends ExecutionResult
  ? { data?: Record<string, never> | null; errors?: Refusal[] }
  : Value;
interface Refusal {
  message: string;
  path?: (string | number)[];
  extensions: Record<string, unknown>;
}

/** What the drivers are given, from when this file is loaded on: before any connection is opened, which may hold on to it. */
const statementsSeen: string[] = [];

const see = (prototype: { query: (...args: never[]) => unknown }) => {
  const query = prototype.query;
  prototype.query = function (this: unknown, ...args: never[]) {
    const [statement] = args as unknown[];
    statementsSeen.push(typeof statement === 'string' ? statement : (statement as { text: string }).text);
    return query.apply(this, args);
  };
};
see(PGlite.prototype);
see(pg.Client.prototype);

/** Of the embedded database's transactions, which go past `query`. */
const transaction = PGlite.prototype.transaction;
PGlite.prototype.transaction = function <Result>(this: PGlite, work: (tx: Transaction) => Promise<Result>) {
  return transaction.call(this, (tx) => {
    const query: Transaction['query'] = (statement, ...rest) => {
      statementsSeen.push(statement);
      return tx.query(statement, ...rest);
    };
    return work(
      new Proxy(tx, { get: (target, name) => (name === 'query' ? query : (Reflect.get(target, name) as unknown)) }),
    );
  }) as Promise<Result>;
};

/**
 * The statements that reach the database while `work` runs, Prisma's among them, on either kind of database; those that begin
 * and end transactions are not counted.
 */
export const statementsOf = async (work: () => Promise<unknown>): Promise<string[]> => {
  statementsSeen.length = 0;
  await work();
  // Without those of a connection that was opened for it.
  return statementsSeen.filter((text) => !/set_config|^(BEGIN|COMMIT|ROLLBACK)/.test(text));
};
