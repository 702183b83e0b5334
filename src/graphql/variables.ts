/**
 * Checks variables before the engine does: each of the engine's own errors, up to 51 of them, prints the whole value. These errors
 * name the variable, the path and the reason, and the check stops at the tenth.
 */
import {
  coerceInputValue,
  getNamedType,
  getNullableType,
  getOperationAST,
  GraphQLError,
  isInputObjectType,
  isInputType,
  isLeafType,
  isListType,
  isNonNullType,
  typeFromAST,
  type ExecutionArgs,
  type GraphQLInputType,
  type VariableDefinitionNode,
} from 'graphql';
import { expectationOf } from './expectations.js';

export const MAX_ERRORS = 10;

type Path = readonly (string | number)[];
type Report = (definition: VariableDefinitionNode, path: Path, reason: string) => void;

/** @returns at most ten; none if the engine will accept the variables */
export const variableErrors = (
  { schema, document, operationName, variableValues }: ExecutionArgs,
  isSecret: boolean,
): GraphQLError[] => {
  const errors: GraphQLError[] = [];
  const report: Report = (definition, path, reason) => {
    const where = path.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('');
    const name = definition.variable.name.value;
    const place = where === '' ? '' : ` at "${name}${where}"`;
    errors.push(
      new GraphQLError(`Variable "$${name}" is invalid${place}: ${reason}`, {
        nodes: definition,
        extensions: { code: 'BAD_USER_INPUT', http: { status: 400 } },
      }),
    );
    if (errors.length === MAX_ERRORS) throw new EnoughError();
  };

  try {
    const operation = getOperationAST(document, operationName);
    for (const definition of operation?.variableDefinitions ?? []) {
      const type = typeFromAST(schema, definition.type);
      if (isInputType(type)) check(definition, type, variableValues ?? {}, report, isSecret);
    }
  } catch (error) {
    if (!(error instanceof EnoughError)) throw error;
  }
  return errors;
};

class EnoughError extends Error {}

const check = (
  definition: VariableDefinitionNode,
  type: GraphQLInputType,
  values: Readonly<Record<string, unknown>>,
  report: Report,
  isSecret: boolean,
): void => {
  const name = definition.variable.name.value;
  if (!Object.hasOwn(values, name)) {
    if (isNonNullType(type) && !definition.defaultValue) report(definition, [], `it is required ("${String(type)}")`);
    return;
  }
  const reportAt = (path: Path, value: unknown, error: Error) => {
    const expected = typeAt(type, path);
    const isLeaf = value !== null && value !== undefined && isLeafType(getNamedType(expected));
    // Errors of objects and lists name only fields and types.
    report(definition, path, isLeaf ? expectationOf(expected, isSecret) : error.message);
  };
  coerceInputValue(values[name], type, reportAt, isSecret);
};

const typeAt = (type: GraphQLInputType, [part, ...rest]: Path): GraphQLInputType => {
  const nullable = getNullableType(type);
  if (part === undefined) return type;
  if (isListType(nullable)) {
    // A single value stands for a list of one.
    return typeAt(nullable.ofType, typeof part === 'number' ? rest : [part, ...rest]);
  }
  const field = isInputObjectType(nullable) ? nullable.getFields()[part] : undefined;
  return field === undefined ? type : typeAt(field.type, rest);
};

interface Running {
  args: ExecutionArgs;
  setResultAndStopExecution(result: { errors: readonly GraphQLError[] }): void;
}

/** An engine plugin, so it covers every transport. */
export const createVariableCheck = (isSecret: boolean) => {
  const run = ({ args, setResultAndStopExecution }: Running) => {
    const errors = variableErrors(args, isSecret);
    if (errors.length > 0) setResultAndStopExecution({ errors });
  };
  return { onExecute: run, onSubscribe: run };
};
