/**
 * What the Apollo and urql links share: they recognise by its document which subscription to follow, and add the fields that
 * following needs, so that an app writes `subscription { events { … } }` with just the fields it shows.
 */
import type { Client } from 'graphql-ws';
import type {
  ArgumentNode,
  DocumentNode,
  FieldNode,
  NameNode,
  OperationDefinitionNode,
  TypeNode,
  VariableDefinitionNode,
} from 'graphql';
import { field as fieldOf, name, named, node, on, onThe, selection, variable } from './ast.js';
import { followAll, followChat } from './follow.js';

/** An event: the fields that the document selects, and at least these. */
export interface FollowedEvent {
  __typename?: string;
  chatId?: string;
  cursor?: string;
  code?: string;
  reason?: string;
  [field: string]: unknown;
}

/** A chat as it was queried: the client has not seen its events after `cursor`. */
export interface FollowedChat {
  id: string;
  cursor: string;
}

/** Context for a subscription: it first delivers what happened in these chats since they were queried. */
export const followFrom = (chats: Iterable<FollowedChat>): { after: ReadonlyMap<string, string> } => ({
  after: new Map([...chats].map(({ id, cursor }) => [id, cursor])),
});

type Variables = Record<string, unknown>;

export interface Followable {
  field: 'chatEvents' | 'events';
  /** The response key of the event. */
  key: string;
  /** Of `chatEvents`. */
  chatId: (variables: Variables) => string;
  /** The document with `$after`, and with the fields that following uses added. */
  document: DocumentNode;
}

/** The followable form of each document; computed once per document. */
const known = new WeakMap<DocumentNode, Followable | null>();

/** @returns null for any other document: it goes to the socket unchanged */
export const followableOf = (document: DocumentNode): Followable | null => {
  const before = known.get(document);
  if (before !== undefined) return before;
  const followable = readFollowable(document);
  known.set(document, followable);
  return followable;
};

const readFollowable = (document: DocumentNode): Followable | null => {
  const operation = document.definitions.find(
    (definition): definition is OperationDefinitionNode => (definition.kind as string) === 'OperationDefinition',
  );
  const root = operation?.selectionSet.selections[0];
  if (operation === undefined || (operation.operation as string) !== 'subscription') return null;
  if (root === undefined || (root.kind as string) !== 'Field') return null;
  const {
    name: { value: field },
    alias,
    arguments: given = [],
    selectionSet,
  } = root as FieldNode;
  if (field !== 'chatEvents' && field !== 'events') return null;

  const isGiven = given.some((argument) => argument.name.value === 'after');
  const declared = operation.variableDefinitions ?? [];
  if (declared.some(({ variable }) => variable.name.value === 'after') !== isGiven)
    throw new Error(`Either hand $after to ${field}(after: $after), or leave both out: it is kept current for you`);
  const followed: FieldNode = {
    ...(root as FieldNode),
    arguments: isGiven ? given : [...given, afterArgument],
    selectionSet: {
      ...selectionSet!,
      selections: [
        ...selectionSet!.selections,
        fieldOf('__typename'),
        ...NEEDED,
        ...(field === 'events' ? OF_ALL : []),
      ],
    },
  };
  const replaced: OperationDefinitionNode = {
    ...operation,
    variableDefinitions: isGiven ? declared : [...declared, afterVariable(field)],
    selectionSet: { ...operation.selectionSet, selections: [followed] },
  };
  return {
    field,
    key: alias?.value ?? field,
    chatId: (variables) => chatIdIn(given, variables),
    document: {
      ...document,
      definitions: document.definitions.map((definition) => (definition === operation ? replaced : definition)),
    },
  };
};

const chatIdIn = (given: readonly ArgumentNode[], variables: Variables): string => {
  const value = given.find(({ name }) => name.value === 'chatId')?.value as
    { value?: string; name?: NameNode } | undefined;
  return String(value?.name ? variables[value.name.value] : value?.value);
};

const afterArgument: ArgumentNode = node('Argument', { name: name('after'), value: variable('after') });

const cursorType = (field: Followable['field']): TypeNode =>
  field === 'chatEvents' ? named('Cursor') : node('ListType', { type: node('NonNullType', { type: named('Cursor') }) });

const afterVariable = (field: Followable['field']): VariableDefinitionNode =>
  node('VariableDefinition', { variable: variable('after'), type: cursorType(field) });

const NEEDED = [
  on('DurableEvent', 'chatId', 'cursor'),
  on('ChatReady', 'chatId', 'cursor'),
  on('ResyncRequired', 'chatId'),
  on('SubscriptionEnded', 'code', 'reason'),
];
const OF_ALL = [
  on('ChatRemoved', 'chatId'),
  onThe('ChatAdded', { ...fieldOf('chat'), selectionSet: selection(fieldOf('id'), fieldOf('cursor')) }),
];

export interface Subscription {
  followable: Followable;
  /** The followable document as text. */
  query: string;
  variables: Variables;
  operationName?: string;
  extensions?: Record<string, unknown>;
  /** `after` from the app's context. */
  after: unknown;
}

export interface Sink {
  onEvent: (event: FollowedEvent) => void;
  /** The subscription failed without an event from the server: a refusal. */
  onRefused: (code: string, reason: string) => void;
  onComplete: () => void;
}

export interface Follower {
  subscribe(subscription: Subscription, sink: Sink): () => void;
}

/** Why the server ends a subscription with its own event. */
const ENDS: readonly string[] = ['REMOVED', 'CHAT_GONE', 'TAKEN_OVER'];

/**
 * Keeps cursors beyond a subscription: a new subscription (after leaving a screen, or when a component mounts twice) continues where
 * the last one ended.
 */
export const createFollower = (client: Pick<Client, 'subscribe'>): Follower => {
  const kept = { chatEvents: new Map<string, string>(), events: null as ReadonlyMap<string, string> | null };

  return {
    subscribe: (
      { followable: { field, chatId: chatIdOf }, query, variables, operationName, extensions, after },
      sink,
    ) => {
      const given = after instanceof Map ? (after as ReadonlyMap<string, string>) : null;
      const { after: asked, ...others } = variables;
      if (field === 'events' && Array.isArray(asked) && asked.length > 0)
        throw new Error('Hand over the cursors of chats as context: followFrom(chats). A list of them tells no chats');

      /** With the document's other variables; the variables object itself stays the one whose `after` is kept current. */
      const withOthers: Pick<Client, 'subscribe'> = {
        subscribe: (payload, target) => {
          Object.assign(payload.variables!, others);
          return client.subscribe(Object.assign(payload, { operationName, extensions }), target);
        },
      };
      const listener = {
        client: withOthers,
        query,
        onEvent: sink.onEvent,
        onEnded: (code: string, reason: string) => {
          if (ENDS.includes(code)) sink.onEvent({ __typename: 'SubscriptionEnded', code, reason });
          else if (code !== 'COMPLETE') return sink.onRefused(code, reason);
          sink.onComplete();
        },
      };
      if (field === 'events') {
        const from = given || kept.events ? new Map([...(given ?? []), ...(kept.events ?? [])]) : null;
        let isReady = from !== null;
        const onEvent = (event: FollowedEvent) => {
          isReady ||= event.__typename === 'ViewerReady';
          sink.onEvent(event);
        };
        const following = followAll<FollowedEvent>({ ...listener, onEvent, after: from });
        return () => {
          following.stop();
          // Until Ready the set of chats is unknown: the next subscription starts over.
          if (isReady) kept.events = following.cursors;
        };
      }
      const chatId = chatIdOf(variables);
      const from = kept.chatEvents.get(chatId) ?? given?.get(chatId) ?? (asked as string | null | undefined) ?? null;
      const following = followChat<FollowedEvent>({ ...listener, chatId, after: from });
      return () => {
        following.stop();
        for (const [id, cursor] of following.cursors) kept.chatEvents.set(id, cursor);
      };
    },
  };
};
