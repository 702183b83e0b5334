/** Files sent with messages, as clients see them. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  AttachmentDocument,
  DeleteMessagesDocument,
  RemoveChatMemberDocument,
  SendMessageDocument,
  type SendMessageInput,
} from '../support/generated/operations.js';
import { attachmentOf, createUpload, get, put, uploaded } from '../support/files.js';
import { statementsOf } from '../support/graphql.js';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, newPerson, transports, type Person } from '../support/people.js';

const node = ownNode();

const aGroup = async () => {
  const [ada, bob, root] = [await newPerson(node), await newPerson(node), await administrator(node)];
  return { ada, bob, root, chat: await groupOf(root, ada, bob) };
};

const send = async (person: Person, input: Partial<SendMessageInput> & { chatId: string }) => {
  const { sendMessage } = await person.ask(SendMessageDocument, { input: { text: '', ...input } });
  if (sendMessage?.__typename !== 'SendMessageSuccess') throw new Error(JSON.stringify(sendMessage));
  return sendMessage.message;
};

it.each(transports)(
  'T96 a file is sent over %s without a text, and comes to those who follow the chat',
  async (over) => {
    const { ada, bob, chat } = await aGroup();
    const bytes = randomBytes(100);
    const upload = await createUpload(ada, { filename: 'plan.bin', byteSize: 100 });
    await put(node, upload, bytes);
    const events = await bob.follow(chat, { over: over === 'http' ? 'sse' : over });
    await events.event('ChatReady');

    const document = /* GraphQL */ `
      mutation ($input: SendMessageInput!) {
        sendMessage(input: $input) {
          ... on SendMessageSuccess {
            message {
              id
              attachments {
                filename
                byteSize
              }
            }
          }
        }
      }
    `;
    const { data } = await ada.tell(over, document, { input: { chatId: chat.id, attachmentIds: [upload.id] } });

    expect(data).toMatchObject({
      sendMessage: { message: { attachments: [{ filename: 'plan.bin', byteSize: 100 }] } },
    });
    const { message } = await events.event('MessageSent');
    expect(message).toMatchObject({ text: '', attachments: [{ filename: 'plan.bin' }] });
    expect(Buffer.from(await (await get(node, message.attachments[0]!.url)).arrayBuffer())).toEqual(bytes);
  },
);

it('T97 says by its place which file it does not take', async () => {
  const { ada, bob, chat } = await aGroup();
  const [own, other] = [await uploaded(ada, randomBytes(5)), await uploaded(bob, randomBytes(5))];

  const { sendMessage } = await ada.ask(SendMessageDocument, {
    input: { chatId: chat.id, text: 'Look', attachmentIds: [own.id, other.id] },
  });

  expect(sendMessage).toMatchObject({
    __typename: 'InvalidInputError',
    fields: [{ path: ['attachmentIds', '1'], code: 'NOT_FOUND' }],
  });
});

it('T99 links go with the message, and none is made for one who was removed', async () => {
  const { ada, bob, root, chat } = await aGroup();
  const file = await uploaded(ada, randomBytes(5));
  const message = await send(ada, { chatId: chat.id, attachmentIds: [file.id] });
  const link = (await attachmentOf(bob, file.id))!.url;

  await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: bob.id });
  expect(await attachmentOf(bob, file.id)).toBeNull();
  expect((await get(node, link)).status, 'what was given before').toBe(200);
  await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [message.id] });
  expect((await get(node, link)).status).toBe(404);
  expect((await ada.ask(AttachmentDocument, { id: file.id })).node).toBeNull();
});

it('T96 shows the files of a page of messages with one statement', async () => {
  const { ada, bob, chat } = await aGroup();
  for (let n = 0; n < 3; n += 1)
    await send(ada, { chatId: chat.id, attachmentIds: [(await uploaded(ada, randomBytes(5))).id] });
  const document = `query ($id: ID!) { chat(id: $id) { messages { nodes { attachments { filename url } } } } }`;

  const statements = await statementsOf(() => bob.ask(document, { id: chat.id }));

  expect(statements.filter((text) => text.includes('FROM upload') || text.includes('JOIN upload'))).toHaveLength(1);
});
