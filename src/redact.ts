/** Keeps secrets and message texts out of log lines, at any depth of a line's fields. */

const HIDDEN = '[hidden]';
const DEEPEST = 5;

/** Names whose values are never logged: password, newPassword, accessToken, TOKEN_SECRET … but not tokenId. */
const isSecret = (name: string): boolean =>
  /(password|secret|token|cookie|authorization|database_?url|redis_?url)s?$/i.test(name) ||
  // A message's text, and fields in which texts, passwords and tokens travel under names of the client's choice.
  /^(text|variables|query|document|body|connectionparams|headers)$/i.test(name);

/** A copy of plain data in which secrets are hidden and errors described. */
export const withoutSecrets = (fields: object): Record<string, unknown> => copyFields(fields, 0);

const copyFields = (fields: object, depth: number): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      isSecret(name) && value !== undefined ? HIDDEN : copy(value, depth + 1),
    ]),
  );

const copy = (value: unknown, depth: number): unknown => {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (depth > DEEPEST) return '[too deep]';
  if (value instanceof Error) return describe(value, depth);
  if (Array.isArray(value)) return value.map((item) => copy(item, depth + 1));
  // Sockets, requests and the like refer to half of the process.
  return isPlain(value) ? copyFields(value, depth) : `[${value.constructor.name}]`;
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/**
 * Only fields known to be harmless: database errors carry rows and parameters in their own fields (`detail`, `params`), and
 * Prisma's errors print the data to be written into the message, and so into the stack.
 */
const describe = (error: Error, depth: number): Record<string, unknown> => {
  const { code, constraint, table, errors } = error as Error &
    Record<'code' | 'constraint' | 'table' | 'errors', unknown>;
  const isPrismas = error.constructor.name.startsWith('Prisma');
  return {
    type: error.constructor.name,
    message: isPrismas ? error.message.trim().split('\n').at(-1) : error.message,
    code,
    constraint,
    table,
    cause: copy(error.cause, depth + 1),
    errors: Array.isArray(errors) ? copy(errors, depth + 1) : undefined,
    stack: frames(error),
  };
};

/** The stack without its first lines, which repeat the message. */
export const frames = (error: Error): string | undefined =>
  error.stack
    ?.split('\n')
    .filter((line) => /^\s+at /.test(line))
    .join('\n');
