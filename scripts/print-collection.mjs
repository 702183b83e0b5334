// Writes examples/collection: every operation of test/support/operations.graphql, for GraphiQL and for API clients.
//
// The format for API clients is Postman's v2.1: one file, which Postman, Insomnia, Bruno and Hoppscotch all import. It
// knows no GraphQL over WebSocket, so subscriptions are requests that Server-Sent Events answer.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  buildSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  Kind,
  parse,
  print,
  typeFromAST,
} from 'graphql';

const path = (relative) => fileURLToPath(new URL(`../${relative}`, import.meta.url));
const read = (relative) => readFileSync(path(relative), 'utf8');

const FOLDERS = { query: 'Queries', mutation: 'Mutations', subscription: 'Subscriptions' };

/** What is filled in once, for all requests. */
const OWN_VARIABLES = {
  endpoint: 'http://127.0.0.1:4000/graphql',
  username: '',
  password: '',
  accessToken: '',
  refreshToken: '',
};

// Run after each answer: whoever signs in is signed in for the requests after it.
const KEEP_SESSION = `const answers = pm.response.headers.get('Content-Type')?.includes('json') ? pm.response.json().data ?? {} : {};
for (const answer of Object.values(answers)) {
  if (!answer?.session) continue;
  pm.collectionVariables.set('accessToken', answer.session.accessToken);
  pm.collectionVariables.set('refreshToken', answer.session.refreshToken);
}`;

/** @returns {{ [path: string]: string }} the files' contents by their paths */
export const collectionFiles = () => {
  const schema = buildSchema(read('schema.graphql'));
  const document = parse(read('test/support/operations.graphql'));
  const fragments = new Map(
    document.definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node]] : [])),
  );
  const operations = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
  const ids = new Set();

  const request = (operation) => {
    const isSubscription = operation.operation === 'subscription';
    return {
      name: operation.name.value,
      request: {
        method: 'POST',
        header: isSubscription ? [{ key: 'Accept', value: 'text/event-stream' }] : [],
        url: '{{endpoint}}',
        description: descriptionOf(schema, operation),
        body: {
          mode: 'graphql',
          graphql: {
            query: [operation, ...fragmentsOf(operation, fragments)].map(print).join('\n\n'),
            operationName: operation.name.value,
            variables: JSON.stringify(variablesOf(schema, operation, ids), null, 2),
          },
        },
      },
    };
  };

  const item = Object.entries(FOLDERS).map(([kind, name]) => ({
    name,
    item: operations.filter(({ operation }) => operation === kind).map(request),
  }));
  const collection = {
    info: {
      name: 'Parley',
      description:
        'Every operation. Fill in the variables `endpoint`, `username` and `password` and run Mutations / LogIn: its tokens are kept for all others. Subscriptions answer by Server-Sent Events.',
      schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json',
    },
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{accessToken}}', type: 'string' }] },
    event: [{ listen: 'test', script: { type: 'text/javascript', exec: KEEP_SESSION.split('\n') } }],
    variable: Object.entries({
      ...OWN_VARIABLES,
      ...Object.fromEntries([...ids].sort().map((name) => [name, ''])),
    }).map(([key, value]) => ({ key, value, type: 'string' })),
    item,
  };
  const text = document.definitions
    .map((node) =>
      node.kind === Kind.OPERATION_DEFINITION
        ? `${commentOf(descriptionOf(schema, node))}${print(node)}\n`
        : `${print(node)}\n`,
    )
    .join('\n');
  const head =
    '# Every operation, to be pasted into GraphiQL: put the cursor into one, press run and choose it by its name.\n' +
    '# Made by `npm run collection`.\n\n';
  return {
    'examples/collection/parley.postman_collection.json': `${JSON.stringify(collection, null, 2)}\n`,
    'examples/collection/operations.graphql': head + text,
  };
};

const rootTypeOf = (schema, { operation }) => schema.getRootType(operation);

/** What the schema says of its root fields. */
const descriptionOf = (schema, operation) =>
  operation.selectionSet.selections
    .map(({ name }) => rootTypeOf(schema, operation).getFields()[name.value].description ?? '')
    .join('\n');

const commentOf = (text) => (text === '' ? '' : text.replaceAll(/^/gm, '# ') + '\n');

/** Those that it spreads, and that they spread, in the order of the file. */
const fragmentsOf = (node, fragments, found = new Set()) => {
  for (const [, name] of print(node).matchAll(/\.\.\.(?!\s*on\b)\s*(\w+)/g)) {
    if (found.has(name)) continue;
    found.add(name);
    fragmentsOf(fragments.get(name), fragments, found);
  }
  return [...fragments.values()].filter(({ name }) => found.has(name.value));
};

/** Something to begin with: what must be given. (Null for the rest would clear it, where an operation changes something.) */
const variablesOf = (schema, operation, ids) => {
  const [root] = operation.selectionSet.selections;
  const variables = operation.variableDefinitions.map(({ variable, type }) => ({
    name: variable.name.value,
    type: typeFromAST(schema, type),
  }));
  return examplesOf(variables, (name) => (/^ids?$/.test(name) ? `${root.name.value}Id` : name), ids);
};

const examplesOf = (variables, renamed, ids) =>
  Object.fromEntries(
    variables
      .filter(({ type }) => isNonNullType(type))
      .map(({ name, type }) => [name, exampleOf(type.ofType, renamed(name), ids)]),
  );

const exampleOf = (type, name, ids) => {
  if (isListType(type)) return [exampleOf(getNamedType(type), name.replace(/s$/, ''), ids)];
  if (isInputObjectType(type)) return examplesOf(Object.values(type.getFields()), (field) => field, ids);
  if (isEnumType(type)) return type.getValues()[0].name;
  if (type.name === 'Boolean') return true;
  if (type.name === 'ID') ids.add(name);
  return type.name === 'ID' || name in OWN_VARIABLES ? `{{${name}}}` : '';
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, content] of Object.entries(collectionFiles())) writeFileSync(path(name), content);
}
