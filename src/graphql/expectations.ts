/** Describes the values that a type accepts, for refusals. They never show the value itself: it may be a password. */
import { getNamedType, isEnumType, type GraphQLInputType } from 'graphql';

const WORDS: Record<string, string> = {
  Boolean: 'true or false',
  Cursor: 'text',
  DateTime: 'a moment such as 2026-11-20T21:34:00.000Z',
  Float: 'a number',
  ID: 'text, or a whole number',
  Int: 'a whole number from -2147483648 to 2147483647',
  JSONObject: 'a JSON object',
  String: 'text',
};

/** @param isSecret whether clients may not read the schema from the server, and so not from its errors either */
export const expectationOf = (type: GraphQLInputType, isSecret: boolean): string => {
  const named = getNamedType(type);
  const values = isEnumType(named) && !isSecret ? named.getValues().map(({ name }) => name) : [];
  const words = values.length > 0 ? `one of ${values.join(', ')}` : WORDS[named.name];
  return `Expected a value of type "${String(type)}"${words === undefined ? '' : `: ${words}`}`;
};
