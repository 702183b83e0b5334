/** What the server finds out about an operation once for all of its runs, for as long as its document is cached. */
import { getOperationAST, OperationTypeNode, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import type { CompiledQuery } from 'graphql-jit';
import { needsNoCredential } from '../graphql/public-operations.js';
import { variablesBelowRoot } from '../graphql/shared-variables.js';
import { rootFieldsOf } from './operation-name.js';
import type { Plan } from './shared-bytes.js';

export interface PreparedOperation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  /** For logs and metrics. */
  readonly rootFields: readonly string[];
  readonly needsNoCredential: boolean;
  /** Of a subscription: the variables that its results depend on, and its plans by their values. */
  readonly variables: readonly string[];
  readonly plans: Map<string, Plan>;
  /** How often it was executed, and what it was compiled to, if it was. */
  runs: number;
  compiled: CompiledQuery['query'] | null;
}

export interface PreparedOperations {
  /**
   * Finds an operation in a document that was prepared before.
   *
   * @param name null or undefined if the document has only one
   * @returns null if it has no such operation; undefined if the document was not prepared
   */
  find(document: DocumentNode, name: string | null | undefined): PreparedOperation | null | undefined;
  /** @param document valid */
  prepare(document: DocumentNode): void;
}

export const createPreparedOperations = (): PreparedOperations => {
  const prepared = new WeakMap<DocumentNode, Map<string | null, PreparedOperation>>();

  return {
    find: (document, name = null) => {
      const operations = prepared.get(document);
      if (operations === undefined) return undefined;
      const known = operations.get(name);
      if (known !== undefined) return known;
      const definition = getOperationAST(document, name);
      if (!definition) return null;
      const operation = describe(document, definition, name);
      operations.set(name, operation);
      return operation;
    },
    prepare: (document) => void prepared.set(document, new Map()),
  };
};

const describe = (
  document: DocumentNode,
  definition: OperationDefinitionNode,
  name: string | null,
): PreparedOperation => ({
  document,
  definition,
  rootFields: rootFieldsOf(document, name),
  needsNoCredential: needsNoCredential(document, name),
  variables: definition.operation === OperationTypeNode.SUBSCRIPTION ? variablesBelowRoot(document, definition) : [],
  plans: new Map(),
  runs: 0,
  compiled: null,
});

/** A plan's key is made of variables that the client sends. */
const MAX_KEY_LENGTH = 1024;

/**
 * Joins the plan of those who get the same results for the same events.
 *
 * @param values the variables as sent
 */
export const joinPlan = (
  { variables, plans }: PreparedOperation,
  values: Readonly<Record<string, unknown>> | null | undefined,
): { plan: Plan; leave: () => void } => {
  const key = planKey(variables, values ?? {});
  const plan = plans.get(key) ?? { followers: 0 };
  if (key.length <= MAX_KEY_LENGTH) plans.set(key, plan);
  plan.followers += 1;
  const leave = () => {
    plan.followers -= 1;
    if (plan.followers === 0) plans.delete(key);
  };
  return { plan, leave };
};

/** Values as sent, so that an absent variable differs from a null one. */
const planKey = (variables: readonly string[], values: Readonly<Record<string, unknown>>): string =>
  JSON.stringify(Object.fromEntries(variables.flatMap((name) => (name in values ? [[name, values[name]]] : []))));
