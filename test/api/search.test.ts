/** Searching in messages, as clients do. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, newPerson, transports, type Person } from '../support/people.js';

const SEARCH = /* GraphQL */ `
  query ($query: String!, $chatId: ID, $senderId: ID, $from: DateTime, $first: Int, $after: String) {
    searchMessages(query: $query, chatId: $chatId, senderId: $senderId, from: $from, first: $first, after: $after) {
      edges {
        matches
        node {
          text
          sender {
            username
          }
        }
      }
      nodes {
        text
      }
      pageInfo {
        hasNextPage
        endCursor
      }
      indexedFrom
    }
  }
`;

interface Found {
  searchMessages: {
    edges: { matches: number[][]; node: { text: string } }[];
    nodes: { text: string }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
    indexedFrom: string | null;
  } | null;
}

describe('searchMessages', () => {
  const node = ownNode({ searchesPerMinute: 30 });
  let ada: Person;
  let boris: Person;
  let chatId: string;
  beforeAll(async () => {
    [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
    chatId = (await groupOf(await administrator(node), ada, boris)).id;
    for (const text of ['👍 Three green bottles', 'a bottle, and another Bottle']) await ada.send({ id: chatId }, text);
    await boris.send({ id: chatId }, 'no bottles');
  });

  const ask = async (person: Person, transport: (typeof transports)[number], variables: object) => {
    const { data, errors } = await person.tell<Found, object>(transport, SEARCH, variables);
    return { found: data?.searchMessages, codes: errors?.map(({ extensions }) => extensions?.code) };
  };

  it.each(transports)(
    'T60 finds messages over %s, the newest first, and tells where the words stand',
    async (transport) => {
      const { found } = await ask(ada, transport, { query: 'BOTTLE', first: 2 });

      expect(found).toMatchObject({
        edges: [
          { node: { text: 'no bottles', sender: { username: boris.username } }, matches: [[3, 10]] },
          {
            node: { text: 'a bottle, and another Bottle' },
            matches: [
              [2, 8],
              [22, 28],
            ],
          },
        ],
        nodes: [{ text: 'no bottles' }, { text: 'a bottle, and another Bottle' }],
        pageInfo: { hasNextPage: true },
        indexedFrom: null,
      });
      const next = await ask(ada, transport, { query: 'BOTTLE', first: 2, after: found!.pageInfo.endCursor });
      expect(next.found!.edges).toEqual([expect.objectContaining({ matches: [[14, 21]] })]);
      expect(next.found!.pageInfo.hasNextPage).toBe(false);
      const { found: own } = await ask(ada, transport, { query: 'bottle', senderId: boris.id, chatId });
      expect(own!.nodes).toEqual([{ text: 'no bottles' }]);
      expect((await ask(ada, transport, { query: 'bottle', from: '2100-01-01T00:00:00Z' })).found!.nodes).toEqual([]);
    },
  );

  it.each(transports)(
    'T61 is null over %s for a chat that is not visible, as for one that is not there',
    async (transport) => {
      const stranger = await newPerson(node, 'stranger');

      for (const id of [chatId, 'nonsense', boris.id])
        expect(await ask(stranger, transport, { query: 'bottle', chatId: id })).toEqual({
          found: null,
          codes: undefined,
        });
      expect((await ask(stranger, transport, { query: 'bottle' })).found!.nodes).toEqual([]);
    },
  );

  it.each(transports)(
    'T67 is refused over %s with too long a query, too many searches at once, and too often',
    async (transport) => {
      const eager = await newPerson(node, 'eager');
      const many = (count: number) =>
        `query { ${Array.from({ length: count }, (_none, n) => `s${n}: searchMessages(query: "x", first: 1) { nodes { id } }`).join(' ')} }`;

      expect((await ask(eager, transport, { query: 'x'.repeat(201) })).codes).toEqual(['BAD_USER_INPUT']);
      expect((await eager.tell(transport, many(10), {})).errors?.[0]?.extensions?.code).toBe('TOO_COMPLEX');
      for (let left = 30; left > 0; left -= 5)
        expect((await eager.tell(transport, many(5), {})).errors).toBeUndefined();
      const { errors } = await eager.tell(transport, SEARCH, { query: 'x' });
      expect(errors?.[0]?.extensions).toMatchObject({
        code: 'RATE_LIMITED',
        retryAfterMs: expect.any(Number) as number,
      });
    },
  );
});
