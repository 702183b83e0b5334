/** Measures operations on every transport, and logs slow ones. */
import type { GraphQLSchema } from 'graphql';
import type { Logger } from '../log-line.js';
import { createHistograms, type Histograms } from '../meters.js';
import type { PreparedOperation } from './prepared-operations.js';

export interface OperationTimes {
  /** Seconds by "type field". */
  readonly durations: Histograms;
  readonly slow: () => number;
  /** Notes an operation that is over; of a subscription, only the time until it began. */
  observe(operation: PreparedOperation, run: Run): void;
}

interface Run {
  /** A `performance.now()` time. */
  beganAt: number;
  transport: string;
  logger: Logger;
}

const MAX_NAME = 64;

/** @param slowMs operations that take longer are logged; 0: never */
export const createOperationTimes = (schema: GraphQLSchema, slowMs: number): OperationTimes => {
  const durations = createHistograms();
  let slow = 0;

  return {
    durations,
    slow: () => slow,
    observe: ({ definition, rootFields }, { beganAt, transport, logger }) => {
      const milliseconds = performance.now() - beganAt;
      const { operation, name } = definition;
      durations.observe(`${operation} ${fieldOf(schema, operation, rootFields)}`, milliseconds / 1000);
      if (slowMs === 0 || milliseconds < slowMs) return;
      slow += 1;
      const some = [...new Set(rootFields)].slice(0, 20);
      const facts = { operation: name?.value.slice(0, MAX_NAME), fields: some, transport };
      logger.warn({ ...facts, milliseconds: Math.round(milliseconds) }, 'Slow');
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
