/** The custom scalars. */
import { DateTimeResolver } from 'graphql-scalars';
import { GraphQLError, Kind, type ValueNode } from 'graphql';
import { BadUserInputError } from '../domain/bad-user-input.js';
import type { JsonObject } from '../domain/metadata.js';
import { decodeCursor, type ChatPosition } from '../log/cursor.js';
import { builder } from './builder.js';

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'An ISO 8601 date and time in UTC, to the millisecond: `2026-11-20T21:34:00.000Z`.',
});

builder.scalarType('Cursor', {
  description:
    "A position in a chat's log. Opaque. Store the last one seen of each chat and pass it as `after` to resume. A malformed cursor " +
    'or one of another chat is refused with BAD_USER_INPUT; in the list of `events` a malformed one is ignored.',
  serialize: (cursor) => cursor,
  // Decoded where it is used, so that literals and variables are refused in the same way.
  parseValue: (value) => {
    if (typeof value === 'string') return value;
    throw new GraphQLError('A Cursor is a string');
  },
});

const mustBeObject = (value: unknown): JsonObject => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new GraphQLError('A JSONObject is an object');
};

builder.scalarType('JSONObject', {
  description:
    'A JSON object of at most 4,096 bytes as written, stored and returned as sent. At most 32 levels deep. Integers beyond ' +
    '±(2^53 - 1) are refused: write them as strings.',
  serialize: (metadata) => metadata,
  parseValue: mustBeObject,
  parseLiteral: (node, variables) => mustBeObject(valueOf(node, variables)),
});

/** While a document is validated there are no variables yet. */
const valueOf = (node: ValueNode, variables: Record<string, unknown> | null | undefined): unknown => {
  switch (node.kind) {
    case Kind.OBJECT:
      // Defines each key, so that `__proto__` is a name like any other.
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, valueOf(value, variables)]));
    case Kind.LIST:
      return node.values.map((value) => valueOf(value, variables));
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.NULL:
      return null;
    case Kind.VARIABLE:
      return variables?.[node.name.value];
    case Kind.ENUM:
      throw new GraphQLError(`${node.value} is no JSON: write text in quotes`);
  }
};

/**
 * @returns null if none was given
 * @throws BadUserInputError
 */
export const positionOf = (cursor: string | null | undefined, name = '`after`'): ChatPosition | null => {
  if (cursor === null || cursor === undefined) return null;
  const position = decodeCursor(cursor);
  if (position === null) throw new BadUserInputError(`${name} is no cursor of this server`);
  return position;
};
