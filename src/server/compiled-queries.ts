/**
 * Queries that come often, and subscriptions with many events, compiled to functions by graphql-jit. What is compiled answers what
 * graphql-js answers, byte by byte; where that is not certain, graphql-js executes: mutations, and large documents.
 */
import {
  BREAK,
  execute,
  GraphQLError,
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FragmentDefinitionNode,
  type SelectionSetNode,
  type Source,
  type SourceLocation,
} from 'graphql';
import { compileQuery, isCompiledQuery, type CompiledQuery } from 'graphql-jit';
import type { PreparedOperation } from './prepared-operations.js';

type Compiled = CompiledQuery['query'];

/** Compiling takes as long as some twenty runs. */
const RUNS_BEFORE = 3;
/** With those of each fragment wherever it is spread. Compiling blocks the server for about 20 µs a field. */
const MAX_FIELDS = 300;

/** Executes an operation whose variables were checked, or a subscription for one event. */
export const executePrepared = (
  operation: PreparedOperation,
  args: ExecutionArgs,
): ExecutionResult | Promise<ExecutionResult> => {
  if (operation.definition.operation === OperationTypeNode.MUTATION) return execute(args);
  operation.runs += 1;
  if (operation.runs === RUNS_BEFORE + 1) operation.compiled = compile(operation, args);
  if (operation.compiled === null) return execute(args);
  const result = operation.compiled(args.rootValue, args.contextValue, args.variableValues);
  const finish = (done: ExecutionResult) => finishErrors(done, args);
  return result instanceof Promise ? result.then(finish) : finish(result);
};

/** As graphql-js makes them: before the data, and with what a masked copy takes its locations from. */
const finishErrors = (result: ExecutionResult, args: ExecutionArgs): ExecutionResult | Promise<ExecutionResult> => {
  const { errors, data } = result;
  if (errors === undefined) return result;
  // Not thrown by a resolver: a value that its type does not allow, which is a bug. Queries change nothing, so it may be asked again.
  if (errors.some(({ originalError }) => !originalError)) return execute(args);
  const { source } = args.document.loc!;
  return {
    errors: errors.map(({ message, path, locations = [], originalError }) => {
      const positions = locations.map((location) => positionOf(source, location));
      return new GraphQLError(message, { source, positions, path: path ?? null, originalError: originalError! });
    }),
    data: data ?? null,
  };
};

/** The other way round than graphql's `getLocation`. */
const positionOf = ({ body }: Source, { line, column }: SourceLocation): number => {
  const lineStarts = [0, ...[...body.matchAll(/\r\n|[\n\r]/g)].map((end) => end.index + end[0].length)];
  return lineStarts[line - 1]! + column - 1;
};

const compile = ({ document, definition }: PreparedOperation, { schema }: ExecutionArgs): Compiled | null => {
  if (!isCertain(document) || countFields(document, definition.selectionSet) > MAX_FIELDS) return null;
  const compiled = compileQuery(schema, document, definition.name?.value);
  return isCompiledQuery(compiled) ? compiled.query : null;
};

/** Whether a compiled function has the result's fields in graphql-js' order. */
const isCertain = (document: DocumentNode): boolean => {
  let found = true;
  visit(document, {
    // A field may be selected twice, and only the first time under a condition.
    Directive: () => {
      found = false;
      return BREAK;
    },
    // It writes fields as an object literal, in which this one would be the prototype.
    Name: ({ value }) => {
      if (value !== '__proto__') return undefined;
      found = false;
      return BREAK;
    },
  });
  return found;
};

/** @returns more than `MAX_FIELDS` as soon as there are more */
const countFields = (document: DocumentNode, root: SelectionSetNode): number => {
  const fragments = new Map(
    document.definitions
      .filter((definition): definition is FragmentDefinitionNode => definition.kind === Kind.FRAGMENT_DEFINITION)
      .map((fragment) => [fragment.name.value, fragment.selectionSet]),
  );
  let count = 0;
  const add = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      count += 1;
      if (count > MAX_FIELDS) return;
      const below =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection.selectionSet;
      if (below !== undefined) add(below);
    }
  };
  add(root);
  return count;
};
