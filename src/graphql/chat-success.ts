/** Success types that return the chat they changed. */
import type { ChatRow, UserFacts } from '../log/event.js';
import { builder } from './builder.js';
import { Chat } from './chat.js';
import { User } from './user.js';

export const successWithChat = (name: string, description: string) =>
  builder.objectRef<{ chat: ChatRow }>(name).implement({
    description,
    fields: (t) => ({
      chat: t.field({ type: Chat, description: 'The chat after this change.', resolve: ({ chat }) => chat }),
    }),
  });

export const successWithOpened = (name: string, description: string) =>
  builder.objectRef<{ chat: ChatRow; created: boolean }>(name).implement({
    description,
    fields: (t) => ({
      chat: t.field({ type: Chat, description: 'The chat.', resolve: ({ chat }) => chat }),
      created: t.exposeBoolean('created', { description: 'False if the chat already existed.' }),
    }),
  });

export const successWithMember = (name: string, description: string, whom: string) =>
  builder.objectRef<{ chat: ChatRow; user: UserFacts }>(name).implement({
    description,
    fields: (t) => ({
      chat: t.field({ type: Chat, description: 'The chat after this change.', resolve: ({ chat }) => chat }),
      user: t.field({ type: User, description: whom, resolve: ({ user }) => user }),
    }),
  });
