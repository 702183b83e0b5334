/** How much one may do: what counts, what does not, and what one is told. */
import { describe, expect, it } from 'vitest';
import {
  CloseChatDocument,
  DeleteMessagesDocument,
  EditMessageDocument,
  LogInDocument,
  MarkReadDocument,
  OpenDirectChatDocument,
  RegisterDocument,
  SetTypingDocument,
} from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { ownNode } from '../support/node.js';
import {
  groupChat,
  groupOf,
  headSeq,
  newPerson,
  say,
  transports,
  type Person,
  type SendAnswer,
} from '../support/people.js';
import { upTo } from '../support/sent.js';

const limited = (answer: { __typename?: string } | null | undefined) => {
  if (answer?.__typename !== 'RateLimitedError') throw new Error(JSON.stringify(answer));
  return (answer as Extract<SendAnswer, { __typename: 'RateLimitedError' }>).retryAfterMs;
};

describe('S2.23 C5 messages', () => {
  const node = ownNode({ messagesPerMinute: 10 });

  it('are ten a minute for each user, over all of their chats and sockets; the next is told when', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    const other = await groupOf(root, ada);
    const sockets = await Promise.all([ada.connect(), ada.connect()]);
    const send = async (number: number) => {
      const input = { chatId: number % 2 ? chat.id : other.id, text: `text ${number}` };
      const document = 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { __typename } }';
      const { data } = await sockets[number % 2]!.ask<{ sendMessage: { __typename: string } }, object>(document, {
        input,
      });
      return data!.sendMessage.__typename;
    };

    const answers = await Promise.all(upTo(15).map(send));

    expect(answers.filter((answer) => answer === 'SendMessageSuccess')).toHaveLength(10);
    expect(answers.filter((answer) => answer === 'RateLimitedError')).toHaveLength(5);
    const wait = limited(await ada.send(chat, 'more'));
    expect(wait).toBeGreaterThan(50_000);
    expect(wait).toBeLessThanOrEqual(60_000);
    expect((await headSeq(ada, chat))! + (await headSeq(ada, other))!).toBe(10);
    // Others are not kept from it.
    expect(await boris.send(chat, 'Hello')).toMatchObject({ __typename: 'SendMessageSuccess' });
  });

  it('cost nothing where they were refused or repeated', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    const closed = await groupOf(root, ada);
    await root.ask(CloseChatDocument, { chatId: closed.id });
    const foreign = await groupOf(root, boris);

    for (const number of upTo(9)) await ada.send(chat, `text ${number}`, `key ${number}`);
    for (const _ of upTo(5)) {
      expect(await ada.send(chat, '')).toMatchObject({ __typename: 'TextEmptyError' });
      expect(await ada.send(chat, 'x'.repeat(1001))).toMatchObject({ __typename: 'TextTooLongError' });
      expect(await ada.send(chat, 'text 1', 'key 1')).toMatchObject({ deduplicated: true });
      expect(await ada.send(chat, 'another', 'key 1')).toMatchObject({ __typename: 'IdempotencyConflictError' });
      expect(await ada.send(closed, 'Hello')).toMatchObject({ __typename: 'ChatClosedError' });
      expect(await ada.send(foreign, 'Hello')).toMatchObject({ __typename: 'NotFoundError' });
    }

    expect(await ada.send(chat, 'the tenth')).toMatchObject({ __typename: 'SendMessageSuccess' });
    limited(await ada.send(chat, 'the eleventh'));
  });

  it('are refused for what comes first even beyond the limit, and answered where they were sent before', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    const foreign = await groupOf(root, boris);
    const closed = await groupOf(root, ada);
    await root.ask(CloseChatDocument, { chatId: closed.id });
    for (const number of upTo(10)) await ada.send(chat, `text ${number}`, `key ${number}`);
    limited(await ada.send(chat, 'more'));

    expect(await ada.send(chat, ' ')).toMatchObject({ __typename: 'TextEmptyError' });
    expect(await ada.send(foreign, 'Hello')).toMatchObject({ __typename: 'NotFoundError' });
    expect(await ada.send(closed, 'Hello')).toMatchObject({ __typename: 'ChatClosedError' });
    expect(await ada.send(chat, 'text 3', 'key 3')).toMatchObject({ deduplicated: true, message: { seq: 3 } });
  });

  it('alone are counted: one edits, deletes, reads and types as before', async () => {
    const { ada, chat } = await groupChat(node);
    const messages = await Promise.all(upTo(10).map((number) => ada.send(chat, `text ${number}`)));
    limited(await ada.send(chat, 'more'));
    const [first, second] = messages.map(
      (answer) => (answer.__typename === 'SendMessageSuccess' ? answer.message : undefined)!,
    );

    expect(await ada.ask(EditMessageDocument, { messageId: first!.id, text: 'edited' })).toMatchObject({
      editMessage: { __typename: 'EditMessageSuccess' },
    });
    expect(await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [second!.id] })).toMatchObject({
      deleteMessages: { __typename: 'DeleteMessagesSuccess' },
    });
    expect(await ada.ask(MarkReadDocument, { chatId: chat.id })).toMatchObject({
      markRead: { __typename: 'MarkReadSuccess' },
    });
    expect(await ada.ask(SetTypingDocument, { chatId: chat.id, isTyping: true })).toMatchObject({
      setTyping: { __typename: 'SetTypingSuccess' },
    });
  });
});

describe('a shorter text', () => {
  const node = ownNode({ messageMaxLength: 5 });

  it.each(transports)('S2.22 is what MESSAGE_MAX_LENGTH says, to send and to edit, over %s', async (transport) => {
    const { ada, chat } = await groupChat(node);
    const send = async (text: string) => {
      const document = `mutation ($id: ID!, $text: String!) {
        sendMessage(input: { chatId: $id, text: $text }) {
          __typename ... on TextTooLongError { maxLength length reason } ... on SendMessageSuccess { message { id } }
        }
      }`;
      const { data } = await ada.tell<{ sendMessage: object }, object>(transport, document, { id: chat.id, text });
      return data!.sendMessage;
    };

    const sent = (await send('😀😀😀😀😀')) as { message: { id: string } };
    expect(sent).toMatchObject({ __typename: 'SendMessageSuccess' });
    expect(await send('😀😀😀😀😀😀')).toEqual({
      __typename: 'TextTooLongError',
      maxLength: 5,
      length: 6,
      reason: expect.stringContaining('at most 5') as string,
    });
    expect(await ada.ask(EditMessageDocument, { messageId: sent.message.id, text: '123456' })).toMatchObject({
      editMessage: { __typename: 'TextTooLongError' },
    });
  });
});

describe('everything else that has a limit', () => {
  const node = ownNode({
    editsPerMinute: 2,
    typingPerMinute: 3,
    directChatsPerMinute: 2,
    signInsPerMinute: 3,
    registrationsPerHour: 8,
  });
  const typenameOf = (answer: object) => (Object.values(answer)[0] as { __typename: string }).__typename;
  const many = async (count: number, work: (number: number) => Promise<object>) => {
    const typenames: string[] = [];
    for (const number of upTo(count)) typenames.push(typenameOf(await work(number)));
    return typenames;
  };

  it('has it on its own: edits, typing, dialogs, tries to sign in, registrations', async () => {
    const { ada, boris, chen, chat } = await groupChat(node);
    const dora = await newPerson(node, 'dora');
    const message = await say(ada, chat, 'Hello');
    const edit = (text: string) => ada.ask(EditMessageDocument, { messageId: message.id, text });
    const open = (other: Person) => ada.ask(OpenDirectChatDocument, { userId: other.id });

    // The same text again changes nothing, and costs nothing.
    expect(await many(5, (number) => edit(`Hello ${Math.floor(number / 3)}`))).toEqual(
      Array(5).fill('EditMessageSuccess'),
    );
    expect(typenameOf(await edit('Hello 3'))).toBe('RateLimitedError');
    expect(await many(4, () => ada.ask(SetTypingDocument, { chatId: chat.id, isTyping: true }))).toEqual([
      ...Array<string>(3).fill('SetTypingSuccess'),
      'RateLimitedError',
    ]);
    // Finding one that is there costs nothing.
    expect(
      [await open(boris), await open(boris), await open(chen), await open(boris), await open(dora)].map(typenameOf),
    ).toEqual([...Array<string>(4).fill('OpenDirectChatSuccess'), 'RateLimitedError']);

    const logIn = async (password: string) =>
      (await post(node.endpoint, LogInDocument, { input: { username: ada.username, password } })).data!;
    expect(await many(4, () => logIn('a wrong one'))).toEqual([
      ...Array<string>(3).fill('InvalidCredentialsError'),
      'RateLimitedError',
    ]);
    const register = async (number: number) => {
      const input = { username: `another${number}`, password: 'long enough', email: `another${number}@example.org` };
      return (await post(node.endpoint, RegisterDocument, { input })).data!;
    };
    const registered = await many(6, register);
    expect(registered.at(-1)).toBe('RateLimitedError');
    expect(registered.filter((typename) => typename === 'RegisterSuccess')).toHaveLength(4);
  });
});
