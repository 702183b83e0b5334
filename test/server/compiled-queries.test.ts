/** Queries that come often are compiled, and answer what graphql-js answers. */
import { execute, type ExecutionResult } from 'graphql';
import { expect, it } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.js';
import { encodeGlobalId } from '../../src/graphql/global-id.js';
import { maskError } from '../../src/server/faults.js';
import { executePrepared } from '../../src/server/compiled-queries.js';
import { createPreparedOperations } from '../../src/server/prepared-operations.js';
import { newPerson } from '../support/chats.js';
import { graphqlNode, statementsOf, type GraphqlNode } from '../support/graphql.js';
import { ownDatabase } from '../support/own-database.js';
import { createRandom } from '../support/random.js';
import { randomQuery } from '../support/random-selections.js';

const database = ownDatabase();

const DOCUMENTS = 60;

/** A chat with messages, one of them deleted, and those who may see it and who may not. */
const aStory = async () => {
  const node = await graphqlNode(database.current);
  const [ada, bob, chen] = [
    await newPerson(database.current),
    await newPerson(database.current),
    await newPerson(database.current),
  ];
  const admin = await newPerson(database.current, 'ADMIN');
  const { chat } = await node.group(ada, bob, chen);
  const id = encodeGlobalId('Chat', chat.id);
  for (let count = 0; count < 3; count += 1) await node.say(ada, chat, `message ${count}`);
  const messages = [1, 2, 3].map((seq) => encodeGlobalId('Message', `${chat.id}:${seq}`));
  await node.ask(
    ada,
    `mutation { deleteMessages(input: { chatId: "${id}", messageIds: ["${messages[1]}"] }) { __typename } }`,
  );
  const ids = [id, ...messages, encodeGlobalId('User', ada.id), encodeGlobalId('Chat', 999n), 'nonsense', ''];
  const stranger = await newPerson(database.current);
  return { node, id, ids, ada, viewers: [ada, stranger, admin, null] };
};

type Variables = Record<string, unknown>;

/** A document that came before as often as it takes. */
const often = (node: GraphqlNode, viewer: Viewer | null, text: string, variables: Variables) => {
  const operations = createPreparedOperations();
  const args = () => node.args(viewer, text, { ...variables });
  const { document } = args();
  operations.prepare(document);
  const operation = operations.find(document, null)!;
  operation.runs = 3;
  return { operation, run: async () => executePrepared(operation, { ...args(), document }) };
};

/** As written for the client, its errors masked. */
const asText = (result: ExecutionResult) =>
  JSON.stringify({ ...result, ...(result.errors && { errors: result.errors.map(maskError) }) });

it('with the same bytes, for any document, whoever asks', async () => {
  const { node, ids, viewers } = await aStory();
  const random = createRandom(11);
  let compiled = 0;
  let withErrors = 0;

  for (let count = 0; count < DOCUMENTS; count += 1) {
    const { text: line, variables } = randomQuery(random, ids);
    const text = line.replaceAll('{ ', () => random.pick(['{ ', '{\n', '{\r\n  ', '{\r']));
    for (const viewer of viewers) {
      const { operation, run } = often(node, viewer, text, variables);
      const answer = asText(await run());
      const expected = asText(await execute(node.args(viewer, text, { ...variables })));
      expect({ text, variables, answer }).toEqual({ text, variables, answer: expected });
      if (operation.compiled === null) continue;
      compiled += 1;
      if (answer.includes('"errors"')) withErrors += 1;
    }
  }

  // Otherwise this would be about nothing.
  expect(compiled).toBeGreaterThan(DOCUMENTS / 2);
  expect(withErrors).toBeGreaterThan(DOCUMENTS / 4);
});

it('with as many statements', async () => {
  const { node, id, ada } = await aStory();
  const text = `query ($id: ID!) { chat(id: $id) { title unreadCount messages { nodes { text sender { username } chat { name } } }
    members { nodes { user { username } } } } }`;
  const { operation, run } = often(node, ada, text, { id });
  await run();
  expect(operation.compiled).not.toBeNull();

  const expected = await statementsOf(async () => execute(node.args(ada, text, { id })));

  expect(await statementsOf(run)).toEqual(expected);
});

it('only after they came a few times', async () => {
  const { node, ada } = await aStory();
  const { operation, run } = often(node, ada, '{ viewer { username } }', {});
  operation.runs = 0;

  const answers = [await run(), await run(), await run()];
  expect(operation.compiled).toBeNull();
  answers.push(await run());

  expect(operation.compiled).not.toBeNull();
  expect(new Set(answers.map(asText)).size).toBe(1);
});

it.each([
  ['a mutation', 'mutation { markRead(input: { chatId: "CHAT" }) { __typename } }'],
  ['a field under a condition', '{ viewer { id @include(if: true) username id } }'],
  ['a field named __proto__', '{ viewer { __proto__: username id } }'],
  [
    'a document of a thousand fields',
    `{ viewer { ${Array.from({ length: 1000 }, (_, n) => `f${n}: id`).join(' ')} } }`,
  ],
  [
    'fragments that spread a thousand fields',
    `{ viewer { ...f0 } } ${Array.from({ length: 10 }, (_, n) => `fragment f${n} on User { a${n}: id ...f${n + 1} ... { ...f${n + 1} } }`).join(' ')} fragment f10 on User { id }`,
  ],
])('but %s is left to graphql-js', async (_name, template) => {
  const { node, id, ada } = await aStory();
  const text = template.replace('CHAT', id);
  const { operation, run } = often(node, ada, text, {});

  const answer = asText(await run());

  expect(operation.compiled).toBeNull();
  expect(answer).toBe(asText(await execute(node.args(ada, text))));
});
