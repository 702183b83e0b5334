/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Why the server ended a subscription. */
export type EndCode =
  /** The chat does not exist, or the viewer may not see it. Followed by complete. */
  | 'CHAT_GONE'
  /** The viewer is no longer a member of the chat. Followed by complete. */
  | 'REMOVED'
  /** The node is stopping, or this connection is old (CONNECTION_MINUTES): subscribe again, on any node. The socket closes with 1001. */
  | 'SHUTTING_DOWN'
  /** The token expired, or the session or the account is gone. The socket closes with 4403 or 4401. */
  | 'SIGNED_OUT'
  /** A newer connection of the viewer took the place of this one. Do not resubscribe automatically. Followed by complete. */
  | 'TAKEN_OVER'
  /** The client read nothing for too long: subscribe again with the last cursor. Followed by complete. */
  | 'TOO_SLOW';

export type NewestChatQueryVariables = Exact<{ [key: string]: never; }>;


export type NewestChatQuery = { chats: { nodes: Array<{ id: string, name: string | null, cursor: string, messages: { nodes: Array<{ text: string | null, sender: { username: string } }> } }> } | null };

export type FollowSubscriptionVariables = Exact<{
  chatId: string;
  after?: string | null | undefined;
}>;


export type FollowSubscription = { chatEvents:
    | { __typename: 'ChatReady', chatId: string, cursor: string }
    | { __typename: 'ChatSettingsChanged' }
    | { __typename: 'ChatUpdated', chatId: string, cursor: string }
    | { __typename: 'MemberAdded', chatId: string, cursor: string }
    | { __typename: 'MemberRemoved', chatId: string, cursor: string }
    | { __typename: 'MemberUpdated', chatId: string, cursor: string }
    | { __typename: 'MessageEdited', chatId: string, cursor: string }
    | { __typename: 'MessagePinned', chatId: string, cursor: string }
    | { __typename: 'MessageSent', chatId: string, cursor: string, message: { text: string | null, sender: { username: string } } }
    | { __typename: 'MessageUnpinned', chatId: string, cursor: string }
    | { __typename: 'MessagesDeleted', chatId: string, cursor: string }
    | { __typename: 'MessagesRead' }
    | { __typename: 'ReactionAdded', chatId: string, cursor: string }
    | { __typename: 'ReactionRemoved', chatId: string, cursor: string }
    | { __typename: 'ResyncRequired', reason: string }
    | { __typename: 'SubscriptionEnded', code: EndCode, reason: string }
    | { __typename: 'TypingChanged' }
   };


export const NewestChatDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"NewestChat"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"chats"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"first"},"value":{"kind":"IntValue","value":"1"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}},{"kind":"Field","name":{"kind":"Name","value":"messages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"3"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"sender"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"username"}}]}}]}}]}}]}}]}}]}}]} as unknown as DocumentNode<NewestChatQuery, NewestChatQueryVariables>;
export const FollowDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"Follow"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"chatId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"after"}},"type":{"kind":"NamedType","name":{"kind":"Name","value":"Cursor"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"chatEvents"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"chatId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"chatId"}}},{"kind":"Argument","name":{"kind":"Name","value":"after"},"value":{"kind":"Variable","name":{"kind":"Name","value":"after"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"__typename"}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"DurableEvent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"chatId"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ChatReady"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"chatId"}},{"kind":"Field","name":{"kind":"Name","value":"cursor"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"MessageSent"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"message"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"text"}},{"kind":"Field","name":{"kind":"Name","value":"sender"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"username"}}]}}]}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"ResyncRequired"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}},{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SubscriptionEnded"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"reason"}}]}}]}}]}}]} as unknown as DocumentNode<FollowSubscription, FollowSubscriptionVariables>;