/** Converts values to and from the database, the same for both drivers, whose own conversions differ. */
import pg from 'pg';

/**
 * A parameter in the form that both drivers accept. An array becomes an SQL array: for a JSON array, pass its text.
 *
 * @throws RangeError for an invalid date, TypeError for an object that is not JSON
 */
export const encode = (value: unknown): string | Uint8Array | null => {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `{${value.map(encodeElement).join(',')}}`;
  return typeof value === 'object' ? JSON.stringify(value) : `${value as number | bigint | boolean}`;
};

const encodeElement = (element: unknown): string => {
  if (Array.isArray(element)) return encode(element) as string;
  const encoded = encode(element);
  if (encoded === null) return 'NULL';
  const text = typeof encoded === 'string' ? encoded : `\\x${Buffer.from(encoded).toString('hex')}`;
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
};

type Parser = (text: string) => unknown;

const ofPg = (oid: number) => pg.types.getTypeParser(oid, 'text') as Parser;
const parseTexts = ofPg(1009) as (text: string) => (string | null)[];
const arrayOf =
  (parse: Parser): Parser =>
  (text) =>
    parseTexts(text).map((element) => (element === null ? null : parse(element)));

const parseText: Parser = (text) => text;
const parseBytes: Parser = (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'));

/** By the numbers of the type and of its array type in pg_type. */
const parsers = Object.fromEntries(
  (
    [
      [16, 1000, ofPg(16)], // bool
      [17, 1001, parseBytes], // bytea
      [19, 1003, parseText], // name
      [20, 1016, BigInt], // int8
      [21, 1005, Number], // int2
      [23, 1007, Number], // int4
      [25, 1009, parseText], // text
      [26, 1028, Number], // oid
      [114, 199, JSON.parse], // json
      [700, 1021, Number], // float4
      [701, 1022, Number], // float8
      [1043, 1015, parseText], // varchar
      [1184, 1185, ofPg(1184)], // timestamptz
      [2950, 2951, parseText], // uuid
      [3802, 3807, JSON.parse], // jsonb
    ] as [type: number, arrayType: number, Parser][]
  ).flatMap(([type, arrayType, parse]): [number, Parser][] => [
    [type, parse],
    [arrayType, arrayOf(parse)],
  ]),
);

/** Parses the database's text for a value of type `oid` into the type that `Queryable` promises. */
export const parserOf = (oid: number): Parser => parsers[oid] ?? parseText;
