/** A manager and their clients: what each sees of it, and what nobody sees of another's, before and after a relation changes. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ChatDocument, DeleteRelationDocument, UpdateRelationDocument } from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { administrator, newPerson, relationOf, say, staffMember, type Person } from '../support/people.js';
import { sentTexts } from '../support/sent.js';

const node = ownNode();
let root: Person;
beforeAll(async () => {
  root = await administrator(node);
});

const aRelation = async () => {
  const [manager, client] = await Promise.all([staffMember(node, 'MANAGER'), newPerson(node, 'client')]);
  return { manager, client, relation: await relationOf(manager, client) };
};

const give = async (manager: Person, relation: { id: string }, client: Person) => {
  const variables = { relationId: relation.id, clientId: client.id };
  const { updateRelation } = await manager.ask(UpdateRelationDocument, variables);
  if (updateRelation?.__typename !== 'UpdateRelationSuccess') throw new Error(JSON.stringify(updateRelation));
  return updateRelation.relation;
};

const MINE = /* GraphQL */ `
  query Mine($messageId: ID!, $chatId: ID!, $relationId: ID!) {
    relations {
      nodes {
        id
        manager {
          username
        }
        client {
          username
        }
        chat {
          id
          relation {
            id
          }
        }
      }
    }
    relation(id: $relationId) {
      id
    }
    message(id: $messageId) {
      text
    }
    node(id: $messageId) {
      id
    }
    chat(id: $chatId) {
      closedAt
      relation {
        id
      }
      lastMessage {
        text
      }
    }
    messages {
      nodes {
        text
        sender {
          username
        }
        receiver {
          username
        }
      }
    }
    notifications {
      nodes {
        kind
        message {
          text
        }
      }
    }
  }
`;

interface Mine {
  relations: { nodes: { id: string; chat: { id: string; relation: { id: string } | null } }[] };
  relation: { id: string } | null;
  message: { text: string } | null;
  node: { id: string } | null;
  chat: { closedAt: string | null; relation: { id: string } | null; lastMessage: { text: string } | null } | null;
  messages: { nodes: { text: string; sender: { username: string }; receiver: { username: string } | null }[] };
  notifications: { nodes: { kind: string; message: { text: string } | null }[] };
}

const lookAs = (person: Person, message: { id: string }, chat: { id: string }, relation: { id: string }) =>
  person.ask<Mine, object>(MINE, { messageId: message.id, chatId: chat.id, relationId: relation.id });

describe('a relation', () => {
  // S0.4 S0.5 S0.7 S0.12 S0.17 S0.22 S0.24
  it('has both see their messages with sender and receiver, and what is unread', async () => {
    const { manager, client, relation } = await aRelation();

    const message = await say(manager, relation.chat, 'How can I help?');

    const mine = await lookAs(client, message, relation.chat, relation);
    expect(mine.relations.nodes).toEqual([
      {
        id: relation.id,
        manager: { username: manager.username },
        client: { username: client.username },
        chat: { id: relation.chat.id, relation: { id: relation.id } },
      },
    ]);
    expect(mine.messages.nodes).toEqual([
      { text: 'How can I help?', sender: { username: manager.username }, receiver: { username: client.username } },
    ]);
    expect(mine.notifications.nodes).toMatchObject([
      { kind: 'NEW_MESSAGE', message: { text: 'How can I help?' } },
      { kind: 'RELATION_CREATED', message: null },
    ]);
    const others = await lookAs(await newPerson(node), message, relation.chat, relation);
    expect(others).toMatchObject({ relations: { nodes: [] }, relation: null, message: null, node: null, chat: null });
  });

  it('S0.13 S0.24 is nobody’s business who is not signed in', async () => {
    const { errors } = await post(node.endpoint, '{ relations { nodes { id } } }');

    expect(errors?.[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  // S0.14 S0.18 S0.19 S0.20 S0.21
  it('tells both who have the chat open, and whoever has no window open', async () => {
    const { manager, client, relation } = await aRelation();
    const socket = await client.connect();
    const news = socket.open<{ notificationReceived: { kind: string; message: { text: string } | null } }, object>(
      'subscription { notificationReceived { kind message { text } } }',
    );
    const followings = await Promise.all([manager, client].map((person) => person.follow(relation.chat)));
    for (const following of followings) await following.event('ChatReady');

    await say(manager, relation.chat, 'Are you there?');

    for (const following of followings) {
      expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'Are you there?' } });
    }
    for (;;) {
      const { data } = await news.next();
      if (data?.notificationReceived.message?.text === 'Are you there?') break;
    }
  });
});

describe('a relation that is given another client', () => {
  it('S0.25 shows neither client anything of the other: not in history, lists, nodes or notifications', async () => {
    const { manager, client, relation } = await aRelation();
    const next = await newPerson(node, 'next');
    const before = await say(client, relation.chat, 'Mine alone');

    const moved = await give(manager, relation, next);
    const after = await say(next, moved.chat, 'Not for the former one');

    const former = await lookAs(client, after, moved.chat, relation);
    expect(former).toMatchObject({ relations: { nodes: [] }, relation: null, message: null, node: null, chat: null });
    expect(former.messages.nodes.map(({ text }) => text)).toEqual(['Mine alone']);
    const present = await lookAs(next, before, relation.chat, relation);
    expect(present).toMatchObject({ relation: { id: relation.id }, message: null, node: null, chat: null });
    expect(present.messages.nodes.map(({ text }) => text)).toEqual(['Not for the former one']);
    expect(present.notifications.nodes.map(({ kind }) => kind)).toEqual(['RELATION_CREATED']);
    const own = await lookAs(client, before, relation.chat, relation);
    expect(own.chat).toEqual({
      closedAt: expect.any(String) as string,
      relation: null,
      lastMessage: { text: 'Mine alone' },
    });
  });

  it('S0.25 shows neither anything live, through subscriptions that were open while it happened', async () => {
    const { manager, client, relation } = await aRelation();
    const next = await newPerson(node, 'next');
    const following = await client.follow(relation.chat);
    await following.event('ChatReady');
    const sockets = await Promise.all([client.connect(), next.connect()]);
    const [ofClient, ofNext] = sockets.map((socket) =>
      socket.open<{ events: { __typename: string; chatId?: string; chat?: { id: string } } }, object>(
        'subscription { events { __typename ... on DurableEvent { chatId } ... on ChatAdded { chat { id } } } }',
      ),
    );
    for (const live of [ofClient!, ofNext!]) {
      while ((await live.next()).data?.events.__typename !== 'ViewerReady');
    }

    const moved = await give(manager, relation, next);
    await say(next, moved.chat, 'Not for the former one');
    const back = await give(manager, relation, client);
    await say(client, back.chat, 'Mine again');

    expect(back.chat.id).toBe(relation.chat.id);
    expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'Mine again' } });
    expect(sentTexts(following)).toEqual(['Mine again']);
    const chatsOf = async (live: NonNullable<typeof ofClient>, last: string) => {
      const seen: (string | undefined)[] = [];
      for (;;) {
        const event = (await live.next()).data!.events;
        seen.push(event.chatId ?? event.chat?.id);
        if (event.__typename === last) return new Set(seen);
      }
    };
    expect(await chatsOf(ofClient!, 'MessageSent')).toEqual(new Set([relation.chat.id]));
    expect(await chatsOf(ofNext!, 'MessageSent')).toEqual(new Set([moved.chat.id]));
  });

  // S0.9 S0.10 S0.11
  it('is for its manager and administrators to change and delete', async () => {
    const { client, manager, relation } = await aRelation();
    const [other, next] = await Promise.all([staffMember(node, 'MANAGER'), newPerson(node, 'next')]);
    const update = async (person: Person) =>
      (await person.ask(UpdateRelationDocument, { relationId: relation.id, clientId: next.id })).updateRelation;
    const remove = async (person: Person) =>
      (await person.ask(DeleteRelationDocument, { relationId: relation.id })).deleteRelation;

    expect((await update(client))?.__typename).toBe('ForbiddenError');
    expect((await update(other))?.__typename).toBe('NotFoundError');
    expect((await remove(client))?.__typename).toBe('ForbiddenError');
    expect((await remove(other))?.__typename).toBe('NotFoundError');
    expect(await update(root)).toMatchObject({ relation: { manager: { id: manager.id }, client: { id: next.id } } });
    expect(await remove(manager)).toMatchObject({ relationId: relation.id });
    expect((await client.ask(ChatDocument, { id: relation.chat.id })).chat).toMatchObject({ id: relation.chat.id });
  });
});
