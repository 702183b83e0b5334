/** People who use a node as their programs would: signed in, by the public API alone. */
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { onTestFinished } from 'vitest';
import {
  ChatDocument,
  ChatEventsDocument,
  CreateBrandDocument,
  CreateChatDocument,
  CreateMatchDocument,
  CreateRelationDocument,
  LogInDocument,
  OpenDirectChatDocument,
  RegisterDocument,
  SendMessageDocument,
  SetUserRoleDocument,
  type ChatEventsSubscription,
  type ChatFieldsFragment,
  type SendMessageMutation,
  type SessionFieldsFragment,
} from './generated/operations.js';
import { post } from './http.js';
import type { Answer, Live } from './live.js';
import { admin, type TestNode } from './node.js';
import { openSocket, type Socket } from './socket.js';
import { openEvents } from './sse.js';

export const transports = ['http', 'sse', 'ws'] as const;
export type Transport = (typeof transports)[number];

export type Chat = ChatFieldsFragment;
export type ChatEvent = ChatEventsSubscription['chatEvents'];
export type SendAnswer = NonNullable<SendMessageMutation['sendMessage']>;

type Document<Data, Variables> = string | TypedDocumentNode<Data, Variables>;

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly node: TestNode;
  /** As of their last sign-in. */
  readonly session: SessionFieldsFragment;
  /** The same person with the same session, at another node. */
  at(node: TestNode): Person;
  /** Asks over HTTP; fails where the answer has errors. */
  ask<Data, Variables>(document: Document<Data, Variables>, variables?: Variables): Promise<Data>;
  /** Asks over any transport; whatever the answer is. */
  tell<Data, Variables>(
    transport: Transport,
    document: Document<Data, Variables>,
    variables?: Variables,
  ): Promise<Answer<Data>>;
  send(chat: { id: string }, text: string, clientMessageId?: string): Promise<SendAnswer>;
  /** A socket of their own, closed with the test. */
  connect(): Promise<Socket>;
  /** Follows a chat over a socket of its own or over Server-Sent Events; ends with the test. Begun when `ready` came. */
  follow(chat: { id: string }, options?: { after?: string | null; over?: 'ws' | 'sse' }): Promise<Following>;
}

/** The events of one chat as they come. */
export interface Following extends Live<ChatEventsSubscription> {
  /** Everything so far. */
  readonly events: ChatEvent[];
  /** Waits for the next event of that type, past others. */
  event<Type extends NonNullable<ChatEvent['__typename']>>(
    type: Type,
  ): Promise<Extract<ChatEvent, { __typename?: Type }>>;
  readonly socket: Socket | undefined;
}

let newcomers = 0;

/** Somebody nobody else knows yet, registered and signed in. */
export const newPerson = async (node: TestNode, name = 'person'): Promise<Person> => {
  const username = `${name}${(newcomers += 1)}`;
  const input = { username, password: passwordOf(username), email: `${username}@example.org` };
  const { data } = await post(node.endpoint, RegisterDocument, { input });
  if (data?.register?.__typename !== 'RegisterSuccess') throw new Error(JSON.stringify(data));
  return personOf(node, data.register.session);
};

export const passwordOf = (username: string): string => `the password of ${username}`;

/** Signs in: another session of somebody, or the administrator's. */
export const signIn = async (node: TestNode, username: string, password = passwordOf(username)): Promise<Person> => {
  const { data } = await post(node.endpoint, LogInDocument, { input: { username, password } });
  if (data?.logIn?.__typename !== 'LogInSuccess') throw new Error(JSON.stringify(data));
  return personOf(node, data.logIn.session);
};

/** A manager, or one more administrator. */
export const staffMember = async (node: TestNode, role: 'MANAGER' | 'ADMIN'): Promise<Person> => {
  const [root, person] = await Promise.all([administrator(node), newPerson(node, role.toLowerCase())]);
  const { setUserRole } = await root.ask(SetUserRoleDocument, { userId: person.id, role });
  if (setUserRole?.__typename !== 'SetUserRoleSuccess') throw new Error(JSON.stringify(setUserRole));
  return person;
};

export const administrator = (node: TestNode): Promise<Person> => signIn(node, admin.username, admin.password);

/** A group of three, made by an administrator who is not in it. */
export const groupChat = async (
  node: TestNode,
): Promise<{ root: Person; ada: Person; boris: Person; chen: Person; chat: Chat }> => {
  const [root, ada, boris, chen] = await Promise.all([
    administrator(node),
    newPerson(node, 'ada'),
    newPerson(node, 'boris'),
    newPerson(node, 'chen'),
  ]);
  const chat = await groupOf(root, ada, boris, chen);
  return { root, ada, boris, chen, chat };
};

/** @param root an administrator, who makes it */
export const groupOf = async (root: Person, ...members: Person[]): Promise<Chat> => {
  const input = { name: 'Group', memberIds: members.map(({ id }) => id) };
  const { createChat } = await root.ask(CreateChatDocument, { input });
  if (createChat?.__typename !== 'CreateChatSuccess') throw new Error(JSON.stringify(createChat));
  return createChat.chat;
};

/** Sends; fails where the message is refused. */
export const say = async (person: Person, chat: { id: string }, text: string, clientMessageId?: string) => {
  const sent = await person.send(chat, text, clientMessageId);
  if (sent.__typename !== 'SendMessageSuccess') throw new Error(JSON.stringify(sent));
  return sent.message;
};

export const directChat = async (person: Person, other: { id: string }): Promise<Chat> => {
  const { openDirectChat } = await person.ask(OpenDirectChatDocument, { userId: other.id });
  if (openDirectChat?.__typename !== 'OpenDirectChatSuccess') throw new Error(JSON.stringify(openDirectChat));
  return openDirectChat.chat;
};

export const relationOf = async (manager: Person, client: { id: string }) => {
  const { createRelation } = await manager.ask(CreateRelationDocument, { managerId: manager.id, clientId: client.id });
  if (createRelation?.__typename !== 'CreateRelationSuccess') throw new Error(JSON.stringify(createRelation));
  return createRelation.relation;
};

/**
 * A match of a brand for each owner.
 *
 * @param root an administrator, who makes it
 */
export const matchOf = async (root: Person, owners: readonly Person[]) => {
  const brandIds: string[] = [];
  for (const { id: ownerId } of owners) {
    const { createBrand } = await root.ask(CreateBrandDocument, { input: { ownerId, name: 'Brand' } });
    if (createBrand?.__typename !== 'CreateBrandSuccess') throw new Error(JSON.stringify(createBrand));
    brandIds.push(createBrand.brand.id);
  }
  const { createMatch } = await root.ask(CreateMatchDocument, { brandIds });
  if (createMatch?.__typename !== 'CreateMatchSuccess') throw new Error(JSON.stringify(createMatch));
  return { brandIds, chat: createMatch.chat };
};

/** The chat's newest number, as `person` sees it. */
export const headSeq = async (person: Person, chat: { id: string }): Promise<number | undefined> =>
  (await person.ask(ChatDocument, { id: chat.id })).chat?.headSeq;

export const personOf = (node: TestNode, session: SessionFieldsFragment): Person => {
  const token = session.accessToken;

  const tell: Person['tell'] = async (transport, document, variables) => {
    if (transport === 'http') return post(node.endpoint, document, variables, { token });
    if (transport === 'sse') return (await openEvents(node.endpoint, document, variables, { token })).next();
    const socket = await openSocket(node.socketUrl, { token });
    try {
      return await socket.ask(document, variables);
    } finally {
      await socket.close();
    }
  };

  const ask: Person['ask'] = async (document, variables) => {
    const { data, errors } = await tell('http', document, variables);
    if (errors || !data) throw new Error(JSON.stringify(errors));
    return data;
  };

  const connect = async () => {
    const socket = await openSocket(node.socketUrl, { token });
    onTestFinished(async () => void (await socket.close()));
    return socket;
  };

  const follow: Person['follow'] = async (chat, { after, over = 'ws' } = {}) => {
    const variables = { chatId: chat.id, ...(after !== undefined && { after }) };
    if (over === 'sse') {
      const events = await openEvents(node.endpoint, ChatEventsDocument, variables, { token });
      onTestFinished(() => events.stop());
      return followingOf(events);
    }
    const socket = await connect();
    return followingOf(socket.open(ChatEventsDocument, variables), socket);
  };

  return {
    id: session.user.id,
    username: session.user.username,
    node,
    session,
    at: (other) => personOf(other, session),
    ask,
    tell,
    send: async (chat, text, clientMessageId) => {
      const input = { chatId: chat.id, text, ...(clientMessageId !== undefined && { clientMessageId }) };
      return (await ask(SendMessageDocument, { input })).sendMessage!;
    },
    connect,
    follow,
  };
};

const followingOf = (live: Live<ChatEventsSubscription>, socket?: Socket): Following => ({
  ...live,
  socket,
  get events() {
    return live.answers.flatMap(({ data }) => data?.chatEvents ?? []);
  },
  event: async (type) => {
    for (;;) {
      const { data, errors } = await live.next();
      if (errors) throw new Error(JSON.stringify(errors));
      if (data?.chatEvents.__typename === type) return data.chatEvents as never;
    }
  },
});
