import { describe, expect, it } from 'vitest';
import { breakingChanges } from '../../scripts/schema-gate.mjs';

const RELEASED = /* GraphQL */ `
  directive @slow(why: String) on FIELD_DEFINITION

  enum ChatKind {
    GROUP
    DIRECT
  }

  type Chat {
    id: ID!
    kind: ChatKind!
    name: String
  }

  input SendInput {
    chatId: ID!
    text: String!
  }

  type Query {
    chat(id: ID!): Chat
    chats(first: Int, after: String): [Chat!]!
  }

  type Mutation {
    send(input: SendInput!): Chat
  }
`;

const without = (text: string) => RELEASED.replace(text, '');
const replaced = (text: string, by: string) => RELEASED.replace(text, by);
const gate = (current: string, changelog = '') => breakingChanges({ released: RELEASED, current, changelog });
const announcing = (...lines: string[]) =>
  ['# Changelog', '', '## Unreleased', '', ...lines, '', '## 1.0.0', ''].join('\n');

describe('schema gate', () => {
  it('lets through a schema that did not change', async () => {
    expect(await gate(RELEASED)).toEqual([]);
  });

  it('lets through what only adds', async () => {
    const current = replaced('name: String', 'name: String\n topic: String').replace(
      'text: String!',
      'text: String!, key: ID',
    );

    expect(await gate(current)).toEqual([]);
  });

  it.each([
    ['a removed field', without('name: String'), 'Chat.name'],
    ['a field that may be null from now on', replaced('kind: ChatKind!', 'kind: ChatKind'), 'Chat.kind'],
    ['a removed argument', without(', after: String'), 'Query.chats(after:)'],
    ['an argument that must be given from now on', replaced('first: Int', 'first: Int!'), 'Query.chats(first:)'],
    [
      'an input field that must be given from now on',
      replaced('text: String!', 'text: String!, key: ID!'),
      'SendInput.key',
    ],
    ['a removed enum value', without('DIRECT\n'), 'ChatKind.DIRECT'],
    ['a removed directive argument', without('(why: String)'), '@slow(why:)'],
  ])('refuses %s and names its coordinate', async (_what, current, coordinate) => {
    expect(await gate(current)).toEqual([expect.objectContaining({ coordinate, isAnnounced: false })]);
  });

  it('refuses a removed type', async () => {
    const current = replaced('send(input: SendInput!): Chat', 'send(text: String): Chat').replace(
      /input SendInput {[^}]*}/,
      '',
    );

    const changes = await gate(current, announcing('- Breaking: `Mutation.send(input:)` is gone.'));

    expect(changes).toContainEqual(expect.objectContaining({ coordinate: 'SendInput', isAnnounced: false }));
    expect(changes).toContainEqual(expect.objectContaining({ coordinate: 'Mutation.send(input:)', isAnnounced: true }));
  });

  it.each([
    ['as a list item', announcing('- Breaking: `Chat.name` is gone; chats have no names any more.')],
    ['as a line', announcing('Breaking: Chat.name.')],
    ['beside another', announcing('- Breaking: `Query.chats` and `Chat.name` are gone.')],
  ])('lets through a breaking change that is announced %s', async (_how, changelog) => {
    expect(await gate(without('name: String'), changelog)).toEqual([
      expect.objectContaining({ coordinate: 'Chat.name', isAnnounced: true }),
    ]);
  });

  it.each([
    ['in no changelog', ''],
    ['without the word', announcing('- `Chat.name` is gone.')],
    ['for the type only', announcing('- Breaking: `Chat` has changed.')],
    ['for a coordinate that begins alike', announcing('- Breaking: `Chat.names` and `Chat.name(long:)` are gone.')],
    ['for a coordinate that ends alike', announcing('- Breaking: `OrderChat.name` is gone.')],
    ['for an earlier release', `${announcing()}\n- Breaking: \`Chat.name\` is gone.\n`],
  ])('refuses a breaking change that is announced %s', async (_how, changelog) => {
    expect(await gate(without('name: String'), changelog)).toEqual([
      expect.objectContaining({ coordinate: 'Chat.name', isAnnounced: false }),
    ]);
  });
});
