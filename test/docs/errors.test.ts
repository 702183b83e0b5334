/** docs/errors.md lists every code that a client can be told. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CloseCode } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import { isEnumType } from 'graphql';
import { schema } from '../../src/graphql/schema.js';
import { settings } from '../../src/settings.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}/docs/errors.md`, 'utf8');

/** What can be told: all that these folders name. */
const sources = ['src/server', 'src/graphql'].flatMap((folder) =>
  readdirSync(`${root}/${folder}`).map((name) => readFileSync(`${root}/${folder}/${name}`, 'utf8')),
);

const allOf = (pattern: RegExp): string[] => [
  ...new Set(sources.flatMap((text) => [...text.matchAll(pattern)].map((match) => match[1]!))),
];

/** Of the rows of the table under this heading. */
const firstCellsOf = (heading: string): string[] => {
  const section = page.split(`## ${heading}\n`)[1]!.split('\n## ')[0]!;
  return [...section.matchAll(/^\| `?([A-Z_]+|\d+)`? \|/gm)].map((match) => match[1]!);
};

/** Others' words for what we tell as BAD_USER_INPUT. */
const NOT_TOLD = ['BAD_REQUEST', 'OPERATION_RESOLUTION_FAILURE', 'REQUEST_ENTITY_TOO_LARGE'];
const valuesOf = (name: string): string[] => {
  const type = schema.getType(name);
  if (!isEnumType(type)) throw new Error(`There is no ${name}`);
  return type.getValues().map((value) => value.name);
};

/** Kinds of rows, settings, and what is wrong with a field of an input: those are values of the schema. */
const NO_CODES = [
  'MESSAGE_SENT',
  'RELATION',
  ...Object.values(settings).map(({ name }) => name),
  ...valuesOf('InvalidFieldCode'),
  ...valuesOf('UploadPurpose'),
  // Of a problem: docs/files.md.
  'ENCODING',
];
/** Graphql-ws' client's own, and after which it never comes back. */
const NOT_SENT = [
  CloseCode.BadResponse,
  CloseCode.InternalClientError,
  CloseCode.ConnectionAcknowledgementTimeout,
  CloseCode.InternalServerError,
];

describe('docs/errors.md', () => {
  it('lists every error code that the sources name, and no other', () => {
    const ends = firstCellsOf('Ends of subscriptions');
    const named = allOf(/'([A-Z][A-Z_]{7,})'/g).filter((code) => ![...NOT_TOLD, ...NO_CODES, ...ends].includes(code));

    // Yoga names this one.
    expect(firstCellsOf('Codes of errors').sort()).toEqual([...named, 'GRAPHQL_VALIDATION_FAILED'].sort());
  });

  it('lists every end of a subscription', () => {
    expect(firstCellsOf('Ends of subscriptions').sort()).toEqual([...valuesOf('EndCode'), 'RESYNC_REQUIRED'].sort());
  });

  it('lists every close code that the sources or graphql-ws name', () => {
    const ours = allOf(/(?:[=:] |\b)(1(?:00[1-9]|01\d)|4[45]\d\d)\b/g).map(Number);
    const theirs = Object.values(CloseCode).filter((code): code is CloseCode => typeof code === 'number');
    const codes = new Set<number>([...ours, ...theirs].filter((code) => !NOT_SENT.includes(code)));

    const listed = firstCellsOf('Close codes of WebSockets').map(Number);

    expect(listed).toEqual(expect.arrayContaining([...codes]));
  });
});
