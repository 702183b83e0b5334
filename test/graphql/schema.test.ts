import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type GraphQLField,
  type GraphQLInputField,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const types = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !['Boolean', 'Int', 'String', 'ID', 'Float'].includes(type.name),
);

describe('the schema', () => {
  it('is what schema.graphql and the files for the caches of clients say', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/print-schema.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('S3.27 describes every type, field, argument and value', () => {
    const bare: string[] = [];
    const look = (coordinate: string, description: string | null | undefined) => {
      if (!description) bare.push(coordinate);
    };
    for (const type of types) {
      look(type.name, type.description);
      if (isEnumType(type)) for (const value of type.getValues()) look(`${type.name}.${value.name}`, value.description);
      if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
      const fields: Record<string, GraphQLField<unknown, unknown> | GraphQLInputField> = type.getFields();
      for (const field of Object.values(fields)) {
        look(`${type.name}.${field.name}`, field.description);
        if (!('args' in field)) continue;
        for (const arg of field.args) look(`${type.name}.${field.name}(${arg.name}:)`, arg.description);
      }
    }

    expect(bare).toEqual([]);
  });

  it('keeps the root fields of Query and Mutation nullable, so that one refused does not null the others', () => {
    const fields = [schema.getQueryType()!, schema.getMutationType()!].flatMap((type) =>
      Object.values(type.getFields()),
    );

    const required = fields.filter((field) => String(field.type).endsWith('!')).map((field) => field.name);

    expect(required).toEqual([]);
  });

  it('pages every connection both ways, other than the page around one place and what is searched', () => {
    const fields = types.flatMap((type) =>
      isObjectType(type)
        ? Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field }))
        : [],
    );
    const connections = fields.filter(({ field }) => getNamedType(field.type).name.endsWith('Connection'));

    const otherwise = connections.filter(
      ({ field }) => !['first', 'after', 'last', 'before'].every((name) => field.args.some((arg) => arg.name === name)),
    );

    expect(connections.length).toBeGreaterThan(8);
    expect(otherwise.map(({ name }) => name)).toEqual(['Chat.messagesAround', 'Query.searchMessages']);
  });

  it('lets every error of a union say why', () => {
    const error = schema.getType('Error');

    const unions = Object.values(schema.getMutationType()!.getFields()).map((field) => field.type);

    for (const union of unions) {
      const { getTypes, name } = union as { getTypes?: () => readonly { name: string }[]; name: string };
      const members = getTypes!.call(union);
      const errors = members.filter((member) => member.name.endsWith('Error'));
      expect(members.map((member) => member.name)).toContain(name.replace(/Result$/, 'Success'));
      expect(errors.length).toBe(members.length - 1);
      for (const member of errors) expect(schema.isSubType(error as never, member as never)).toBe(true);
    }
  });
});
