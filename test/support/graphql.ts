/** The schema over real rules on a database of a test file's own, without the server around it. */
import { randomUUID } from 'node:crypto';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { execute, parse, subscribe, validate, type ExecutionArgs, type ExecutionResult } from 'graphql';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { createMemoryBus } from '../../src/bus/memory.js';
import type { Database } from '../../src/db/database.js';
import { createChatLog } from '../../src/domain/chats/chat-log.js';
import { createEnding, type EndingControl } from '../../src/domain/streams/ending.js';
import { createEventChats } from '../../src/domain/chats/event-chats.js';
import { createStreams } from '../../src/domain/streams/streams.js';
import type { Viewer } from '../../src/domain/viewer.js';
import { createContext, type Connection } from '../../src/graphql/context.js';
import { schema } from '../../src/graphql/schema.js';
import { createRounds } from '../../src/log/rounds.js';
import { createTail } from '../../src/log/tail.js';
import { createMemberships } from '../../src/domain/streams/viewer-chats.js';
import { createLogger } from '../../src/logger.js';
import { createTally } from '../../src/meters.js';
import { accountNode } from './accounts.js';
import { chatNode } from './chats.js';

type Variables = Record<string, unknown>;

const fail = (error: unknown) => {
  throw error;
};

/** One node; gone when the test is. */
export const graphqlNode = async (db: Database) => {
  const bus = createMemoryBus(fail);
  const accounts = await accountNode(db, { bus, limits: { signInsPerMinute: 0 } });
  const chats = chatNode(db, { bus });
  // Looks only when told to: the bell alone carries everything here, and nothing else is counted.
  const rounds = await createRounds(db, { intervalMs: 1_000_000, onError: fail });
  const tail = createTail({ db, bus, rounds }, fail);
  onTestFinished(async () => {
    memberships.close();
    tail.close();
    await rounds.stop();
  });
  const { notifications } = chats;
  const memberships = createMemberships({ db, bus, rounds }, fail);
  const streams = createStreams({
    db,
    bus,
    tail,
    rounds,
    notifications,
    memberships,
    places: chats.places,
    watch: (viewer, onChange) => accounts.credentials.watch(viewer, onChange),
    slowReaderMs: 60_000,
    retentionDays: 0,
  });
  const services = {
    ...chats,
    ...accounts,
    chatLog: createChatLog({ db, retentionDays: 0 }),
    eventChats: createEventChats(db),
    server: {
      name: 'Parley',
      version: '0.0.0',
      passwordLogin: true,
      directChats: 'everyone' as const,
      messageMaxLength: 1000,
      messagesPerMinute: 0,
    },
    streams,
    mutations: createTally(),
  };

  interface Asking {
    ending?: EndingControl;
    connection?: Connection;
  }

  const argsFor = (viewer: Viewer | null, source: string, variableValues: Variables, asking: Asking): ExecutionArgs => {
    const document = parse(source);
    const [mistake] = validate(schema, document);
    if (mistake) throw mistake;
    const { ending = createEnding(), connection = null } = asking;
    const logger = createLogger({ level: 'silent', stream: { write: () => undefined } });
    const request = {
      viewer,
      ending,
      connection,
      logger,
      address: '192.0.2.1',
      present: () => viewer,
      requestId: 'test',
      connectionId: randomUUID(),
      transport: 'http' as const,
      eventIds: null,
    };
    const contextValue = createContext(request, services, db.prisma);
    return { schema, document, variableValues, contextValue };
  };

  return {
    ...chats,
    ...accounts,

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
      const results = await subscribe(argsFor(viewer, source, variables, asking));
      if (!(Symbol.asyncIterator in results)) throw new Error(JSON.stringify(results));
      onTestFinished(() => void results.return(undefined));
      return {
        /** Null once it is complete. */
        next: async () => {
          const result = await results.next();
          return result.done ? null : plain(result.value);
        },
        return: () => results.return(undefined),
      };
    },

    /** What a subscription that cannot stand is answered. */
    refusal: async (viewer: Viewer | null, source: string, variables: Variables = {}) => {
      const result = await subscribe(argsFor(viewer, source, variables, {}));
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
