import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownNode } from '../support/node.js';
import { newPerson, transports, type Person } from '../support/people.js';
import { openSocket, type Socket } from '../support/socket.js';

const node = ownNode();
let ada: Person;
/** One for all, so that a refusal that closes it is seen. */
let socket: Socket;

beforeAll(async () => {
  ada = await newPerson(node);
  socket = await openSocket(node.socketUrl, { token: ada.session.accessToken });
});
afterAll(() => socket.close());

const nested = (depth: number) =>
  `{ viewer { id } chats { nodes ${'{ lastMessage { chat '.repeat(depth)} { id } ${'} }'.repeat(depth)} } }`;

const tooMuch = {
  depth: nested(20),
  aliases: `{ ${Array.from({ length: 40 }, (_, index) => `a${index}: unreadCount`).join(' ')} }`,
  'aliases of __typename': `{ ${Array.from({ length: 40 }, (_, index) => `a${index}: __typename`).join(' ')} }`,
  'aliases in fragments': `{ ...A } fragment A on Query { ${Array.from({ length: 40 }, (_, index) => `a${index}: unreadCount`).join(' ')} }`,
  directives: `{ ${'... @include(if: true) { __typename } '.repeat(60)} }`,
  tokens: `{ ${'unreadCount '.repeat(3000)} }`,
  cost: '{ chats(first: 100) { nodes { members(first: 100) { nodes { user { username } } } } } }',
};

describe.each(transports)('over %s', (transport) => {
  const ask = (query: string) => (transport === 'ws' ? socket.ask(query) : ada.tell(transport, query));

  it.each(Object.entries(tooMuch))(
    'too many/much %s is TOO_COMPLEX, and the next operation is answered',
    async (_what, query) => {
      const refused = await ask(query);
      const next = await ask('{ unreadCount }');

      expect(new Set(refused.errors!.map((error) => error.extensions?.code))).toEqual(new Set(['TOO_COMPLEX']));
      expect(refused.errors!.map((error) => error.message).join()).not.toMatch(/syntax/i);
      expect(next).toMatchObject({ data: { unreadCount: 0 } });
    },
  );

  it.each(['notificationReceived', 'messageSent(chatId: "x")'])(
    '%s whose events would cost too much does not stand',
    async (field) => {
      const { errors } = await ask(
        `subscription { ${field} { chat { members(first: 100) { nodes { id } } messages(first: 100) { nodes { chat { members(first: 100) { nodes { user { id } } } } } } } } }`,
      );

      expect(errors).toMatchObject([{ extensions: { code: 'TOO_COMPLEX' } }]);
    },
  );
});
