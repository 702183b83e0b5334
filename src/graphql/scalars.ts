/** The scalars beside GraphQL's own. */
import { DateTimeResolver } from 'graphql-scalars';
import { GraphQLError } from 'graphql';
import { BadUserInputError } from '../domain/bad-user-input.js';
import { decodeCursor, type Place } from '../log/cursor.js';
import { builder } from './builder.js';

builder.addScalarType('DateTime', DateTimeResolver, {
  description: 'A moment in ISO 8601, in UTC, to the millisecond: `2026-11-20T21:34:00.000Z`.',
});

builder.scalarType('Cursor', {
  description:
    "Where a client stands in a chat's log. Opaque; store the last one seen for each chat and pass it as `after` to resume. " +
    'One that is malformed or of another chat is refused with BAD_USER_INPUT.',
  serialize: (cursor) => cursor,
  // What it says is read where it is used, so that a literal and a variable are refused alike.
  parseValue: (value) => {
    if (typeof value === 'string') return value;
    throw new GraphQLError('A Cursor is a string');
  },
});

/**
 * @returns null where none was given
 * @throws BadUserInputError
 */
export const placeOf = (cursor: string | null | undefined): Place | null => {
  if (cursor === null || cursor === undefined) return null;
  const place = decodeCursor(cursor);
  if (place === null) throw new BadUserInputError('`after` is no cursor of this server');
  return place;
};
