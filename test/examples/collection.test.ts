/** The collection of all operations, for GraphiQL and for API clients. */
import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { buildSchema, Kind, parse, validate, type DocumentNode } from 'graphql';
import { expect, it } from 'vitest';
import { collectionFiles } from '../../scripts/print-collection.mjs';
import { postBody } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { newPerson, passwordOf } from '../support/people.js';

const COLLECTION = 'examples/collection/parley.postman_collection.json';
const OPERATIONS = 'examples/collection/operations.graphql';

interface Request {
  name: string;
  request: { url: string; body: { graphql: { query: string; variables: string } } };
}

interface Collection {
  auth: { bearer: [{ value: string }] };
  event: [{ script: { exec: string[] } }];
  variable: { key: string; value: string }[];
  item: { name: string; item: Request[] }[];
}

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const schema = buildSchema(read('schema.graphql'));
const collection = JSON.parse(read(COLLECTION)) as Collection;
const requests = collection.item.flatMap(({ item }) => item);

const node = ownNode();

const rootFieldsOf = (document: DocumentNode): string[] =>
  document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION
      ? definition.selectionSet.selections.map((field) => (field.kind === Kind.FIELD ? field.name.value : ''))
      : [],
  );

it('S1.19 is what `npm run collection` makes', () => {
  for (const [path, content] of Object.entries(collectionFiles())) expect(read(path), path).toBe(content);
});

it.each([
  ['for GraphiQL', () => [parse(read(OPERATIONS))]],
  ['for API clients', () => requests.map(({ request }) => parse(request.body.graphql.query))],
])('S1.19 has every root field of the schema %s, and nothing that the schema has not', (_for, documentsOf) => {
  const documents = documentsOf();

  const fields = new Set(documents.flatMap(rootFieldsOf));

  const roots = [schema.getQueryType()!, schema.getMutationType()!, schema.getSubscriptionType()!];
  expect([...fields].sort()).toEqual(roots.flatMap((root) => Object.keys(root.getFields())).sort());
  expect(documents.flatMap((document) => validate(schema, document))).toEqual([]);
});

it('S1.19 signs in and keeps the token, as an API client runs it', async () => {
  const { username } = await newPerson(node);
  const values = new Map(collection.variable.map(({ key, value }) => [key, value]));
  for (const [key, value] of Object.entries({ endpoint: node.endpoint, username, password: passwordOf(username) })) {
    values.set(key, value);
  }
  const fill = (text: string) => text.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => values.get(name)!);
  const run = async (name: string): Promise<unknown> => {
    const { url, body } = requests.find((one) => one.name === name)!.request;
    const { query, variables } = body.graphql;
    const response = await postBody(
      fill(url),
      JSON.stringify({ query, variables: JSON.parse(fill(variables)) as object }),
      { Authorization: `Bearer ${fill(collection.auth.bearer[0].value)}` },
    );
    const answer: unknown = await response.json();
    runInNewContext(collection.event[0].script.exec.join('\n'), {
      pm: {
        response: { headers: response.headers, json: () => answer },
        collectionVariables: { set: (key: string, value: string) => values.set(key, value) },
      },
    });
    return answer;
  };

  await run('LogIn');

  expect(await run('Viewer')).toMatchObject({ data: { viewer: { username } } });
  expect(await run('RefreshSession')).toMatchObject({ data: { refreshSession: { session: { user: { username } } } } });
});
