/** Whatever the schema offers is answered: all fields of all types, to one who has nothing, one who has much, and an administrator. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  AddChatMemberDocument,
  DeleteMessagesDocument,
  EditMessageDocument,
  MarkReadDocument,
  RemoveChatMemberDocument,
  SetTypingDocument,
  UpdateChatDocument,
} from '../support/generated/operations.js';
import { idIn, must } from '../support/change.js';
import { ownNode } from '../support/node.js';
import { directChat, groupChat, groupOf, newPerson, say, type Person } from '../support/people.js';
import { rootFields, selectionsOf } from '../support/selections.js';
import { openEvents } from '../support/sse.js';
import { until } from '../support/until.js';

const node = ownNode();

type Who = 'newcomer' | 'ada' | 'root';
let people: Record<Who | 'boris' | 'chen', Person>;
/** For each argument of a root field what it is given, by the field's name where that matters. */
let values: Record<string, unknown>;

beforeAll(async () => {
  const { root, ada, boris, chen, chat } = await groupChat(node);
  people = { root, ada, boris, chen, newcomer: await newPerson(node, 'newcomer') };
  const message = await say(boris, chat, 'Hello');
  const gone = await say(ada, chat, 'Gone');
  await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [gone.id] });
  await groupOf(root, ada); // with nothing in it
  await must(root, 'updateChat', { chatId: chat.id, access: 'OPEN' });
  const { invite } = await must(root, 'createInvite', { chatId: chat.id });
  const dialog = await directChat(ada, boris);
  const direct = await say(boris, dialog, 'Hello, Ada');
  const report = { id: idIn(await must(ada, 'reportMessage', { messageId: direct.id, reason: 'SPAM' }), 'report') };
  const { notifications } = await ada.ask<{ notifications: { nodes: { id: string }[] } }, object>(
    '{ notifications { nodes { id } } }',
    {},
  );
  const ids = [chat, dialog, message, gone, direct, ada, report, ...notifications.nodes].map(({ id }) => id);
  values = {
    id: chat.id,
    ids,
    'node.id': direct.id,
    'user.id': boris.id,
    'message.id': direct.id,
    'messages.chatId': chat.id,
    'chats.scope': 'ALL',
    'invite.code': (invite as { code: string }).code,
    'searchMessages.query': 'hello',
    'searchMessages.chatId': chat.id,
    first: 2,
  };
});

describe('every query', () => {
  const cases = rootFields('query').flatMap((field) =>
    // Several at once would be too complex two levels deep.
    selectionsOf(field, field.name === 'nodes' ? 1 : 2).map(
      (selection) => [`${field.name} ${/on \w+/.exec(selection)?.[0] ?? ''}`, field, selection] as const,
    ),
  );

  it.each(cases)('%s is answered in whole', async (_what, field, selection) => {
    const given = field.args.filter(({ name }) => `${field.name}.${name}` in values || name in values);
    const variables = Object.fromEntries(
      given.map(({ name }) => [name, values[`${field.name}.${name}`] ?? values[name]]),
    );
    const declared = given.map(({ name, type }) => `$${name}: ${String(type)}`);
    const passed = given.map(({ name }) => `${name}: $${name}`);
    const bracketed = (list: string[]) => (list.length > 0 ? `(${list.join(', ')})` : '');
    const document = `query ${bracketed(declared)} { ${field.name}${bracketed(passed)} ${selection} }`;

    for (const who of ['newcomer', 'ada', 'root'] as const) {
      const { errors } = await people[who].tell('http', document, variables);
      expect(errors, `${who}: ${document}`).toBeUndefined();
    }
  });
});

describe('every event', () => {
  it.each(['ws', 'sse'] as const)('is delivered in whole over %s, to who stays and to who is removed', async (over) => {
    const { root, ada, boris, chen } = people;
    const chat = await groupOf(root, ada, boris);
    const all = rootFields('subscription').flatMap((field) =>
      selectionsOf(field, 2).map((selection) => {
        const has = (name: string) => field.args.some((arg) => arg.name === name);
        if (has('userIds')) return `subscription($ids: [ID!]!) { ${field.name}(userIds: $ids) ${selection} }`;
        const args = has('chatId') ? '(chatId: $id)' : '';
        return `subscription${args && '($id: ID!)'} { ${field.name}${args} ${selection} }`;
      }),
    );
    const begin = async (person: Person) => {
      const socket = over === 'ws' ? await person.connect() : undefined;
      const options = { token: person.session.accessToken };
      const variables = { id: chat.id, ids: [person.id] };
      return Promise.all(
        all.map(async (document) => {
          const live =
            socket?.open(document, variables) ?? (await openEvents(node.endpoint, document, variables, options));
          return { document, live };
        }),
      );
    };
    const lives = [...(await begin(ada)), ...(await begin(boris))];
    const isStanding = () =>
      lives.every(({ document, live }) => !/ (chatEvents|events)\b/.test(document) || live.answers.length > 0);
    await until(isStanding, 'all to stand');

    const message = await say(ada, chat, 'Hello');
    await boris.ask(SetTypingDocument, { chatId: chat.id, isTyping: true });
    await ada.ask(SetTypingDocument, { chatId: chat.id, isTyping: true });
    await ada.ask(EditMessageDocument, { messageId: message.id, text: 'Hello!' });
    for (const name of ['addReaction', 'removeReaction'])
      await must(boris, name, { messageId: message.id, emoji: '👍' });
    for (const name of ['pinMessage', 'unpinMessage']) await must(root, name, { messageId: message.id });
    await must(ada, 'sendMessage', { chatId: chat.id, text: 'You', replyToId: message.id, mentionIds: [boris.id] });
    for (const name of ['blockUser', 'unblockUser']) await must(ada, name, { userId: chen.id });
    await must(boris, 'reportMessage', { messageId: message.id, reason: 'OTHER' });
    await must(ada, 'updateChatSettings', { chatId: chat.id, isPinned: true });
    await boris.ask(MarkReadDocument, { chatId: chat.id });
    await root.ask(AddChatMemberDocument, { chatId: chat.id, userId: chen.id });
    await must(root, 'setChatMemberRole', { chatId: chat.id, userId: chen.id, role: 'MODERATOR' });
    await root.ask(UpdateChatDocument, { input: { chatId: chat.id, name: 'Renamed' } });
    await ada.ask(DeleteMessagesDocument, { chatId: chat.id, messageIds: [message.id] });
    await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: boris.id });
    await root.ask(RemoveChatMemberDocument, { chatId: chat.id, userId: ada.id });
    const ofTheChat = lives.filter(({ document }) => document.includes('$id:'));
    expect(await Promise.all(ofTheChat.map(({ live }) => live.ended))).toEqual(ofTheChat.map(() => 'complete'));

    for (const { document, live } of lives) {
      const codes = live.answers.flatMap(({ errors = [] }) => errors.map(({ extensions }) => extensions?.code));
      const isToldByAnError = /messageSent|typingChanged|messagesRead/.test(document);
      expect(codes, document).toEqual(isToldByAnError ? ['SUBSCRIPTION_ENDED'] : []);
    }
    const told = () =>
      new Set(
        lives.flatMap(({ live }) =>
          live.answers.flatMap(({ data }) =>
            Object.values(data ?? {}).map((event) => (event as { __typename?: string } | null)?.__typename),
          ),
        ),
      );
    for (const typename of [
      'ChatReady',
      'MessageSent',
      'MessageEdited',
      'MessagesDeleted',
      'MemberAdded',
      'MemberRemoved',
      'ChatUpdated',
      'ReactionAdded',
      'ReactionRemoved',
      'MessagePinned',
      'MessageUnpinned',
      'MemberUpdated',
      'TypingChanged',
      'MessagesRead',
      'ChatSettingsChanged',
      'SubscriptionEnded',
      'Notification',
      'ViewerReady',
      'ChatRemoved',
      'PresenceChanged',
    ])
      await until(() => told().has(typename), typename);
  });
});
