/** Mutations by their names, where what they answer matters more than what they give. */
import type { Person } from './people.js';

export type Answer = Record<string, unknown> & { __typename: string };

export const run = async <Data = Record<string, Answer>>(
  person: Person,
  document: string,
  variables: object,
): Promise<Data> => person.ask<Data, object>(document, variables);

/** Whatever it is answered. */
export const change = async (person: Person, name: string, input: object): Promise<Answer> => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const selection = SELECTIONS[name] ?? '';
  const inputType = INPUTS[name] ?? `${type}Input`;
  const answer = await run(
    person,
    `mutation ($input: ${inputType}!) { ${name}(input: $input) { __typename ... on ${type}Success { ${selection || '__typename'} } ... on Error { reason } } }`,
    { input },
  );
  return answer[name]!;
};

/** Those that two mutations share. */
const INPUTS: Record<string, string> = {
  addReaction: 'ReactionInput',
  removeReaction: 'ReactionInput',
};

const SELECTIONS: Record<string, string> = {
  createChat: 'chat { id }',
  deleteMessages: 'deletedIds',
  openDirectChat: 'chat { id }',
  openOrderChat: 'chat { id } created',
  createRelation: 'relation { id chat { id } } created',
  updateRelation: 'relation { id chat { id } }',
  createBrand: 'brand { id }',
  createInvite: 'invite { id code }',
  createMatch: 'chat { id } created',
  sendMessage: 'message { id }',
  reportMessage: 'report { id }',
};

/** One that must work. */
export const must = async (person: Person, name: string, input: object): Promise<Answer> => {
  const answer = await change(person, name, input);
  if (!answer.__typename.endsWith('Success')) throw new Error(`${name}: ${JSON.stringify(answer)}`);
  return answer;
};

/** The id of what a success holds, by the names that lead to it. */
export const idIn = (answer: Answer, ...path: string[]): string => {
  let value: unknown = answer;
  for (const name of [...path, 'id']) value = (value as Record<string, unknown>)[name];
  return value as string;
};
