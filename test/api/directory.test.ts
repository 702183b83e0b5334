/** Installations where people are not to find or write to everyone: a shop's clients must not see each other. */
import { beforeAll, describe, expect, it } from 'vitest';
import { OpenDirectChatDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, newPerson, staffMember, transports, type Person } from '../support/people.js';

const FIND = /* GraphQL */ `
  query ($id: ID!, $username: String!) {
    byId: user(id: $id) {
      username
    }
    byName: user(username: $username) {
      username
    }
    node(id: $id) {
      id
    }
    nodes(ids: [$id]) {
      id
    }
    users(search: $username) {
      nodes {
        username
      }
    }
  }
`;

interface Found {
  byId: object | null;
  byName: object | null;
  node: object | null;
  nodes: (object | null)[];
  users: { nodes: object[] };
}

describe('USER_DIRECTORY=shared', () => {
  const node = ownNode({ userDirectory: 'shared' });
  let people: Record<'ada' | 'boris' | 'stranger' | 'manager' | 'root', Person>;
  beforeAll(async () => {
    const [ada, boris, stranger] = await Promise.all(['ada', 'boris', 'stranger'].map((name) => newPerson(node, name)));
    const [manager, root] = [await staffMember(node, 'MANAGER'), await administrator(node)];
    people = { ada: ada!, boris: boris!, stranger: stranger!, manager, root };
    await groupOf(root, ada!, boris!);
  });

  it.each(transports)(
    'over %s has users find those alone with whom they share a chat, and staff everyone',
    async (transport) => {
      const { ada, boris, stranger, manager, root } = people;
      const finds = async (viewer: Person, { id, username }: Person) => {
        const { data } = await viewer.tell<Found, object>(transport, FIND, { id, username });
        const { byId, byName, node: byNode, nodes, users } = data!;
        return [byId, byName, byNode, nodes[0], users.nodes[0]].map((one) => one !== null && one !== undefined);
      };

      expect(await finds(ada, stranger)).toEqual([false, false, false, false, false]);
      expect(await finds(ada, boris)).toEqual([true, true, true, true, true]);
      expect(await finds(ada, ada)).toEqual([true, true, true, true, true]);
      for (const staff of [manager, root]) expect(await finds(staff, stranger)).toEqual([true, true, true, true, true]);
      const opened = await ada.tell(transport, OpenDirectChatDocument, { userId: stranger.id });
      expect(opened.data?.openDirectChat?.__typename).toBe('NotFoundError');
    },
  );
});

describe('DIRECT_CHATS', () => {
  const node = ownNode({ directChats: 'staff' });

  it.each(transports)(
    'over %s lets managers and administrators open direct chats, and existing ones keep working',
    async (transport) => {
      const [ada, boris, manager] = [
        await newPerson(node, 'ada'),
        await newPerson(node, 'boris'),
        await staffMember(node, 'MANAGER'),
      ];
      const open = async (viewer: Person, { id }: Person) =>
        (await viewer.tell(transport, OpenDirectChatDocument, { userId: id })).data?.openDirectChat;

      expect((await open(ada, boris))?.__typename).toBe('ForbiddenError');
      expect((await open(ada, manager))?.__typename).toBe('ForbiddenError');
      const opened = await open(manager, ada);
      expect(opened).toMatchObject({ created: true });
      expect(await open(ada, manager)).toMatchObject({ created: false });
    },
  );
});
