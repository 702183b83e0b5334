/**
 * Variables are checked before the engine sees them: its own errors print the whole value, each of up to 51 of them. These name the
 * variable, the path and the reason, and looking ends at the tenth.
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

/** @returns at most ten; none where the engine will take them */
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
    // Those of objects and lists name fields and types alone.
    report(definition, path, isLeaf ? expectationOf(expected, isSecret) : error.message);
  };
  coerceInputValue(values[name], type, reportAt, isSecret);
};

const typeAt = (type: GraphQLInputType, [part, ...rest]: Path): GraphQLInputType => {
  const nullable = getNullableType(type);
  if (part === undefined) return type;
  if (isListType(nullable)) {
    // One that is no list stands for a list of it.
    return typeAt(nullable.ofType, typeof part === 'number' ? rest : [part, ...rest]);
  }
  const field = isInputObjectType(nullable) ? nullable.getFields()[part] : undefined;
  return field === undefined ? type : typeAt(field.type, rest);
};

interface Running {
  args: ExecutionArgs;
  setResultAndStopExecution(result: { errors: readonly GraphQLError[] }): void;
}

/** For the engine, and so for every transport. */
export const createVariableCheck = (isSecret: boolean) => {
  const run = ({ args, setResultAndStopExecution }: Running) => {
    const errors = variableErrors(args, isSecret);
    if (errors.length > 0) setResultAndStopExecution({ errors });
  };
  return { onExecute: run, onSubscribe: run };
};
