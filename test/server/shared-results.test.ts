/** Results that are executed once for many: the same as if each had been executed for its own subscriber. */
import { execute, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { expect, it } from 'vitest';
import type { LiveStream, Sink } from '../../src/domain/streams/live-stream.js';
import { itemOf, type StreamItem } from '../../src/domain/streams/stream-item.js';
import type { Viewer } from '../../src/domain/viewer.js';
import { createEventSource } from '../../src/graphql/event-source.js';
import { encodeGlobalId } from '../../src/graphql/global-id.js';
import { LiveResults } from '../../src/server/live-results.js';
import { createPreparedOperations, joinPlan } from '../../src/server/prepared-operations.js';
import { createSharedBytes } from '../../src/server/shared-bytes.js';
import { logOf, newPerson } from '../support/chats.js';
import { graphqlNode, type GraphqlNode } from '../support/graphql.js';
import { ownDatabase } from '../support/own-database.js';
import { createRandom } from '../support/random.js';
import { randomSubscription } from '../support/random-selections.js';
import { until } from '../support/until.js';

const database = ownDatabase();

const DOCUMENTS = 100;

/** A chat in which everything happened, and those who may follow it. */
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
  await node.say(ada, chat, 'first');
  await node.say(bob, chat, 'second');
  const answer = await node.ask(bob, `{ chat(id: "${id}") { messages { nodes { id seq } } } }`);
  const messages = (answer.data as unknown as { chat: { messages: { nodes: { id: string }[] } } }).chat.messages.nodes;
  const bobs = JSON.stringify(messages[1]!.id);
  await node.ask(bob, `mutation { editMessage(input: { messageId: ${bobs}, text: "changed" }) { __typename } }`);
  await node.ask(bob, `mutation { deleteMessages(input: { chatId: "${id}", messageIds: [${bobs}] }) { __typename } }`);
  await node.ask(admin, `mutation { updateChat(input: { chatId: "${id}", name: "Renamed" }) { __typename } }`);
  const log = (await logOf(database.current, chat)).filter(({ type }) => type !== 'CHAT_CREATED');
  const user = log[0]!.users[0]!;
  const items: StreamItem[] = [
    ...log.map((event) => itemOf(event).item),
    { kind: 'typing', chatId: chat.id, user, isTyping: true, expiresAt: new Date(), headSeq: 1 },
    { kind: 'read', chatId: chat.id, user, lastReadSeq: 2 },
    { kind: 'resync', chatId: chat.id, cause: 'tooFar', reason: 'Query it again' },
    { kind: 'ended', code: 'TOO_SLOW', reason: 'Too slow' },
  ];
  return { node, id, items, viewers: [ada, bob, chen, admin] };
};

/** Pushes these while the sink takes them. */
const streamOf = (items: readonly StreamItem[]): LiveStream<StreamItem> => {
  let next = 0;
  let sink: Sink<StreamItem> | null = null;
  const run = () => {
    while (next < items.length && sink!.isReady()) sink!.push(items[next++]!);
  };
  return {
    pushTo: (to) => {
      sink = to;
      run();
    },
    wake: run,
    stop: () => undefined,
  };
};

const finish = ({ errors, ...result }: ExecutionResult) => ({
  ...result,
  ...(errors && { errors: errors.map(({ message, path }) => ({ message, path })) }),
});

let compiled = 0;

/** What subscribers who follow together are written. */
const follow = async (asking: readonly ExecutionArgs[], items: readonly StreamItem[]): Promise<Buffer[][]> => {
  const shared = createSharedBytes();
  const operations = createPreparedOperations();
  const { document } = asking[0]!;
  operations.prepare(document);
  const prepared = operations.find(document, null)!;
  const subscribers = asking.map((args) => ({ args, ...joinPlan(prepared, args.variableValues) }));
  const written = subscribers.map(({ args, plan }) => {
    const told: Buffer[] = [];
    const source = createEventSource(streamOf(items), (item) => ({ value: item }));
    const outlet = {
      isReady: () => true,
      onReady: () => undefined,
      write: (json: Buffer) => void told.push(json),
      end: () => undefined,
    };
    new LiveResults({ source, prepared, args: { ...args, document }, plan, finish }, shared, outlet).begin();
    return told;
  });
  await until(() => written.every(({ length }) => length === items.length), 'all that was pushed');
  if (prepared.compiled !== null) compiled += 1;
  return written;
};

const alone = async (
  node: GraphqlNode,
  viewer: Viewer,
  text: string,
  variables: object,
  items: readonly StreamItem[],
) => {
  const told: string[] = [];
  for (const item of items) {
    // With a context of its own, as nothing that was read for one event holds for the next.
    const args = node.args(viewer, text, { ...variables });
    told.push(JSON.stringify(finish(await execute({ ...args, rootValue: { value: item } }))));
  }
  return told;
};

const asText = (written: readonly Buffer[]) => written.map(String);

/** How many of the texts are the very bytes that others were given. */
const sharedAmong = (written: readonly Buffer[][]) => {
  const all = written.flat();
  return all.length - new Set(all).size;
};

it('are, for any document, what each subscriber would be answered alone', async () => {
  const { node, id, items, viewers } = await aStory();
  const random = createRandom(7);
  let shared = 0;

  for (let count = 0; count < DOCUMENTS; count += 1) {
    const text = randomSubscription(random, random.pick(['chatEvents', 'events']), id);
    const asking = viewers.map((viewer) => ({
      viewer,
      variables: { yes: random.chance(0.8), count: random.pick([1, 2]) },
    }));
    const wanted: string[][] = [];
    for (const { viewer, variables } of asking) wanted.push(await alone(node, viewer, text, variables, items));
    // The server begins no such subscription.
    if (wanted.flat().some((told) => told.includes('fields of objects at once'))) {
      count -= 1;
      continue;
    }
    const written = await follow(
      asking.map(({ viewer, variables }) => node.args(viewer, text, variables)),
      items,
    );
    for (const [index, told] of wanted.entries())
      expect({ text, told: asText(written[index]!) }).toEqual({ text, told });
    shared += sharedAmong(written);
  }

  // Otherwise this would be about nothing.
  expect(shared).toBeGreaterThan(DOCUMENTS);
  expect(compiled).toBeGreaterThan(DOCUMENTS / 4);
});

it('are one for all where they select what an event carries', async () => {
  const { node, id, items, viewers } = await aStory();
  const text = `subscription { chatEvents(chatId: "${id}") { __typename
    ... on DurableEvent { seq cursor } ... on MessageSent { message { id text sender { id username } } }
    ... on TypingChanged { user { username } isTyping } ... on MessagesRead { lastReadSeq } } }`;

  const written = await follow(
    viewers.map((viewer) => node.args(viewer, text)),
    items,
  );

  expect(sharedAmong(written)).toBe(items.length * (viewers.length - 1));
});

it.each([
  ['the chat of a message', '... on MessageSent { message { chat { id } } }'],
  ['an e-mail address', '... on MessageSent { message { sender { email } } }'],
  ['what is unread', '... on DurableEvent { totalUnreadCount }'],
  ['what the viewer may do', '... on DurableEvent { chat { permissions { canSend } } }'],
])('are never shared where they select %s', async (_what, selection) => {
  const { node, id, items, viewers } = await aStory();
  const text = `subscription { chatEvents(chatId: "${id}") { ${selection} } }`;
  const sent = items.filter((item) => item.kind === 'event' && item.event.type === 'MESSAGE_SENT');

  const written = await follow(
    viewers.map((viewer) => node.args(viewer, text)),
    sent,
  );

  expect(sharedAmong(written)).toBe(0);
});

it('differ between viewers of one text', async () => {
  const { node, id, items, viewers } = await aStory();
  const text = `subscription { chatEvents(chatId: "${id}") { ... on MessageSent { message { sender { email } } } } }`;
  const [sent] = items.filter((item) => item.kind === 'event' && item.event.type === 'MESSAGE_SENT');

  const [ada, bob] = (
    await follow(
      viewers.map((viewer) => node.args(viewer, text)),
      [sent!],
    )
  ).map(asText);

  expect(ada![0]).toMatch(/"email":".+@/);
  expect(bob![0]).toMatch(/"email":null/);
});

it('are not written once the subscription was stopped, although they were asked for before', async () => {
  const { node, id, items, viewers } = await aStory();
  const args = node.args(
    viewers[0]!,
    `subscription { chatEvents(chatId: "${id}") { ... on DurableEvent { totalUnreadCount } } }`,
  );
  const operations = createPreparedOperations();
  operations.prepare(args.document);
  const prepared = operations.find(args.document, null)!;
  const plan = { followers: 1 };
  const told: string[] = [];
  const begin = (name: string) => {
    const source = createEventSource(streamOf(items.slice(0, 1)), (item) => ({ value: item }));
    const outlet = {
      isReady: () => true,
      onReady: () => undefined,
      write: () => void told.push(name),
      end: () => undefined,
    };
    const results = new LiveResults({ source, prepared, args, plan, finish }, createSharedBytes(), outlet);
    results.begin();
    return results;
  };

  begin('stopped').stop();
  begin('going on');

  await until(() => told.length > 0, 'the one that goes on');
  expect(told).toEqual(['going on']);
});

it('depend on the variables below the root field', async () => {
  const { node, id, items, viewers } = await aStory();
  const text = `subscription ($id: ID!, $with: Boolean!) { chatEvents(chatId: $id) { __typename
    ... on DurableEvent { seq @include(if: $with) } } }`;
  const asking = viewers.map((viewer, index) => node.args(viewer, text, { id, with: index % 2 === 0 }));

  const written = (await follow(asking, items.slice(0, 1))).map((told) => String(told[0]));

  expect(written.map((told) => told.includes('"seq"'))).toEqual([true, false, true, false]);
});
