/** Measures operations on every transport, and logs slow ones. */
import { getOperationAST, type ExecutionArgs, type GraphQLSchema } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Context } from '../graphql/context.js';
import { createHistograms, type Histograms } from '../meters.js';
import { rootFieldsOf } from './operation-name.js';
import type { ServerContext } from './exchange.js';

export interface OperationTimes {
  /** Seconds by "type field". */
  readonly durations: Histograms;
  readonly slow: () => number;
  readonly plugin: Plugin<ServerContext>;
}

const MAX_NAME = 64;

/** @param slowMs operations that take longer are logged; 0: never */
export const createOperationTimes = (slowMs: number): OperationTimes => {
  const durations = createHistograms();
  let slow = 0;

  const over = ({ schema, document, operationName, contextValue }: ExecutionArgs) => {
    const { exchange, logger, transport } = contextValue as Context & ServerContext;
    const operation = getOperationAST(document, operationName);
    if (!operation || exchange.beganAt === undefined) return;
    const milliseconds = performance.now() - exchange.beganAt;
    const fields = rootFieldsOf(document, operationName);
    durations.observe(`${operation.operation} ${fieldOf(schema, operation.operation, fields)}`, milliseconds / 1000);
    if (slowMs === 0 || milliseconds < slowMs) return;
    slow += 1;
    const name = operation.name?.value.slice(0, MAX_NAME);
    const some = [...new Set(fields)].slice(0, 20);
    logger.warn({ operation: name, fields: some, transport, milliseconds: Math.round(milliseconds) }, 'Slow');
  };

  return {
    durations,
    slow: () => slow,
    plugin: {
      onParse: ({ context }) => {
        (context as unknown as ServerContext).exchange.beganAt = performance.now();
      },
      onExecute: ({ args }) => ({ onExecuteDone: () => over(args) }),
      // For a subscription, only the time until it began.
      onSubscribe: ({ args }) => ({ onSubscribeResult: () => over(args) }),
    },
  };
};

/** A name from the schema, so that clients cannot invent names. `several` for more than one field. */
const fieldOf = (schema: GraphQLSchema, type: ExecutionOperation, fields: readonly string[]): string => {
  const [first, ...others] = new Set(fields);
  if (first === undefined) return 'other';
  if (others.length > 0) return 'several';
  if (first.startsWith('__')) return 'introspection';
  return schema.getRootType(type as never)?.getFields()[first] === undefined ? 'other' : first;
};

type ExecutionOperation = 'query' | 'mutation' | 'subscription';
