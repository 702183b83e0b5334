/**
 * Queries that come often, and subscriptions with many events, compiled to functions by graphql-jit. What is compiled answers what
 * graphql-js answers, byte by byte; where that is not certain, graphql-js executes: mutations, and large documents.
 */
import {
  BREAK,
  execute,
  Kind,
  OperationTypeNode,
  visit,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type FragmentDefinitionNode,
  type SelectionSetNode,
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
  return operation.compiled(args.rootValue, args.contextValue, args.variableValues);
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
