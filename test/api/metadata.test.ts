/** What products keep beside users, chats and messages. */
import { beforeAll, describe, expect, it } from 'vitest';
import { change, must, run } from '../support/change.js';
import { DeleteMessagesDocument, EditMessageDocument } from '../support/generated/operations.js';
import { postBody } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { groupChat, type Chat, type Person } from '../support/people.js';

const node = ownNode();

let people: Awaited<ReturnType<typeof groupChat>>;
let chat: Chat;
beforeAll(async () => {
  people = await groupChat(node);
  ({ chat } = people);
});

const SEND = `mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename
  ... on SendMessageSuccess { deduplicated message { id seq metadata } } ... on Error { reason }
  ... on InvalidInputError { fields { path reason } } ... on IdempotencyConflictError { message { metadata } } } }`;

interface Sent {
  __typename: string;
  deduplicated: boolean;
  message: { id: string; seq: number; metadata: unknown };
  fields: { path: string[]; reason: string }[];
}

const send = async (input: object): Promise<Sent> =>
  (await people.ada.ask<{ sendMessage: Sent }, object>(SEND, { input: { chatId: chat.id, text: 'Hello', ...input } }))
    .sendMessage;

const readMessage = async (person: Person, id: string) =>
  (await run<{ message: { metadata: unknown } }>(person, 'query ($id: ID!) { message(id: $id) { metadata } }', { id }))
    .message.metadata;

/** As JSON is written: it says in which order names stand. */
const written = (value: unknown) => JSON.stringify(value);

// In the text of a request: a literal of JavaScript would set the prototype.
const strange = JSON.parse(
  '{"z":1,"a":{"__proto__":{"$n":"7","$d":1},"constructor":[null,true,1.5,"\\"ф😀\\u0001"]},"":0}',
) as object;

describe('metadata of a message', () => {
  it('comes back as it was sent, by a query, an event and a replay', async () => {
    const following = await people.boris.connect();
    const document = `subscription ($id: ID!, $after: Cursor) { chatEvents(chatId: $id, after: $after) { __typename
      ... on MessageSent { message { id metadata } } ... on ChatReady { cursor } } }`;
    interface Told {
      chatEvents: { __typename: string; cursor?: string };
    }
    const live = following.open<Told, object>(document, { id: chat.id });
    const ready = (await live.next()).data!;

    const { message } = await send({ metadata: strange });

    const expected = written({ __typename: 'MessageSent', message: { id: message.id, metadata: strange } });
    expect(written((await live.next()).data?.chatEvents)).toBe(expected);
    const replay = following.open<Told, object>(document, { id: chat.id, after: ready.chatEvents.cursor });
    expect(written((await replay.next()).data?.chatEvents)).toBe(expected);
    expect(written(message.metadata)).toBe(written(strange));
    expect(written(await readMessage(people.boris, message.id))).toBe(written(strange));
  });

  it('is an empty object where there is none, and {} is none', async () => {
    for (const input of [{}, { metadata: null }, { metadata: {} }]) {
      const { message } = await send({ ...input, clientMessageId: 'without' });
      expect(message.metadata).toEqual({});
    }
    expect((await send({ metadata: {}, clientMessageId: 'without' })).deduplicated).toBe(true);
  });

  it('may be written into the document, where names are no variables’', async () => {
    const document = `mutation ($id: ID!, $n: Int) { sendMessage(input: { chatId: $id, text: "x",
      metadata: { b: [1, 2.50, "x", true, null], a: { n: $n, __proto__: {} } } }) { ... on SendMessageSuccess { message { metadata } } } }`;

    const { sendMessage } = await run(people.ada, document, { id: chat.id, n: 3 });

    const metadata = '{"b":[1,2.5,"x",true,null],"a":{"n":3,"__proto__":{}}}';
    expect(written((sendMessage as unknown as Sent).message.metadata)).toBe(metadata);
  });

  it('is part of what a clientMessageId stands for, whatever the order of its names', async () => {
    const clientMessageId = 'with';
    const first = await send({ clientMessageId, metadata: { a: 1, b: { c: 2, d: 3 } } });

    const again = await send({ clientMessageId, metadata: { b: { d: 3, c: 2 }, a: 1 } });
    const other = await send({ clientMessageId, metadata: { a: 2 } });
    const none = await send({ clientMessageId });

    expect(again).toMatchObject({ deduplicated: true, message: { seq: first.message.seq } });
    expect(written(again.message.metadata)).toBe('{"a":1,"b":{"c":2,"d":3}}');
    for (const answer of [other, none]) expect(answer.__typename).toBe('IdempotencyConflictError');
    await send({ clientMessageId: 'bare' });
    expect((await send({ clientMessageId: 'bare', metadata: { a: 1 } })).__typename).toBe('IdempotencyConflictError');
  });

  it('stays when the text is edited, and is gone when the message is deleted, for a repeated key too', async () => {
    const { ada, boris } = people;
    const input = { clientMessageId: 'to be deleted', metadata: { order: 7 } };
    const { message } = await send(input);

    await ada.ask(EditMessageDocument, { messageId: message.id, text: 'Edited' });
    expect(await readMessage(boris, message.id)).toEqual({ order: 7 });
    const { deleteMessages } = await run(
      ada,
      `mutation ($input: DeleteMessagesInput!) { deleteMessages(input: $input) { ... on DeleteMessagesSuccess { messages { metadata } } } }`,
      { input: { chatId: chat.id, messageIds: [message.id] } },
    );

    expect(deleteMessages).toEqual({ messages: [{ metadata: {} }] });
    expect(await readMessage(boris, message.id)).toEqual({});
    expect(await send(input)).toMatchObject({ deduplicated: true, message: { metadata: {} } });
    await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [message.id] });
  });

  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  const sized = (bytes: number) => ({ a: 'é'.repeat((bytes - 8) / 2) });

  it.each<[what: string, metadata: unknown, reason: RegExp]>([
    ['of 4,098 bytes', sized(4098), /at most 4096 bytes/],
    ['nested 33 levels deep', nested(33), /at most 32 levels/],
    ['with half a surrogate pair', { a: ['\ud800'] }, /surrogate/],
    ['with NUL in a name', { 'a\0': 1 }, /NUL/],
    ['with a number that JSON has changed', JSON.parse('{"id":12345678901234567890}'), /write them as text/],
  ])('%s is refused, and nothing is sent', async (_what, metadata, reason) => {
    const before = (await send({})).message.seq;

    const refused = await send({ metadata });

    expect(refused).toMatchObject({
      __typename: 'InvalidInputError',
      fields: [{ path: ['metadata'], reason: expect.stringMatching(reason) as string }],
    });
    expect((await send({})).message.seq).toBe(before + 1);
  });

  it.each<[what: string, metadata: string, reason: RegExp]>([
    ['nested deeper than any stack', `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`, /at most 32 levels/],
    ['with a number that is none here', '{"a":1e400}', /write them as text/],
  ])('%s is refused as it comes', async (_what, metadata, reason) => {
    const variables = `{"input":{"chatId":"${chat.id}","text":"x","metadata":${metadata}}}`;
    const body = `{"query":${JSON.stringify(SEND)},"variables":${variables}}`;
    const headers = { Authorization: `Bearer ${people.ada.session.accessToken}` };

    const answer = (await (await postBody(node.endpoint, body, headers)).json()) as { data: { sendMessage: Sent } };

    expect(answer.data.sendMessage.fields[0]?.reason).toMatch(reason);
  });

  it('may be 4,096 bytes and 32 levels, numbers up to 2^53 - 1', async () => {
    for (const metadata of [sized(4096), nested(32), { a: Number.MAX_SAFE_INTEGER, b: -0.5e-7 }])
      expect(written((await send({ metadata })).message.metadata)).toBe(written(metadata));
  });

  it.each(['[1]', '"text"', '1', '{ a: [ENUM] }'])('%s is no JSON object: the document is refused', async (literal) => {
    const document = `mutation { sendMessage(input: { chatId: "${chat.id}", text: "x", metadata: ${literal} }) { __typename } }`;

    const { data, errors } = await people.ada.tell('http', document);

    expect(data ?? null).toBeNull();
    expect(errors?.[0]?.message).toMatch(/JSON/);
  });
});

describe('metadata of a chat', () => {
  const read = async (person: Person, id: string) =>
    (
      await run<{ chat: { metadata: unknown } | null }>(person, 'query ($id: ID!) { chat(id: $id) { metadata } }', {
        id,
      })
    ).chat?.metadata;

  it('is given when it is made, and changed as a name is: with an event, for who may, and else not at all', async () => {
    const { root, ada } = people;
    const { createChat } = await run(
      root,
      'mutation ($input: CreateChatInput!) { createChat(input: $input) { ... on CreateChatSuccess { chat { id metadata } } } }',
      { input: { name: 'Order 7', memberIds: [ada.id], metadata: strange } },
    );
    const { id, metadata } = createChat!.chat as { id: string; metadata: unknown };
    expect(written(metadata)).toBe(written(strange));
    const following = await ada.follow({ id });
    await following.event('ChatReady');

    expect(await change(ada, 'updateChat', { chatId: id, metadata: {} })).toMatchObject({
      __typename: 'ForbiddenError',
    });
    await must(root, 'updateChat', { chatId: id, name: 'Renamed' });
    await following.event('ChatUpdated');
    expect(written(await read(ada, id))).toBe(written(strange));
    await must(root, 'updateChat', { chatId: id, metadata: strange });
    await must(root, 'updateChat', { chatId: id, metadata: { a: 2 }, name: 'Renamed again' });
    expect(await following.event('ChatUpdated')).toMatchObject({ seq: 2 });
    expect(await read(ada, id)).toEqual({ a: 2 });
    await must(root, 'updateChat', { chatId: id, metadata: null });
    expect(await following.event('ChatUpdated')).toMatchObject({ seq: 3 });
    expect(await read(ada, id)).toEqual({});
  });

  it('is not for who sees the chat no more, whatever they still hold', async () => {
    const { root, ada, boris } = people;
    const created = await must(root, 'createChat', {
      name: 'Secret',
      memberIds: [ada.id, boris.id],
      metadata: { a: 1 },
    });
    const { id } = created.chat as { id: string };
    const socket = await boris.connect();
    const live = socket.open<{ chatEvents: unknown }, object>(
      'subscription ($id: ID!) { chatEvents(chatId: $id) { __typename ... on MemberRemoved { chat { metadata } } } }',
      { id },
    );
    await live.next();

    await must(root, 'removeChatMember', { chatId: id, userId: boris.id });

    expect((await live.next()).data?.chatEvents).toEqual({ __typename: 'MemberRemoved', chat: { metadata: {} } });
    expect(await read(ada, id)).toEqual({ a: 1 });
  });

  it('that will not do is named beside what else will not', async () => {
    const document = `mutation ($input: CreateChatInput!) { createChat(input: $input) { ... on InvalidInputError { fields { path } } } }`;

    const answer = await run(people.root, document, { input: { name: '', metadata: { a: '\ud800' } } });

    expect(answer.createChat).toEqual({ fields: [{ path: ['name'] }, { path: ['metadata'] }] });
  });
});
