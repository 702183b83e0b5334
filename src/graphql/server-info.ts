/** What clients need to know about a server before anybody signs in. */
import { canCreateGroup, canOpenDirect } from '../domain/rules/policy.js';
import { builder } from './builder.js';
import type { ServerFacts } from './context.js';

const Registration = builder.enumType('Registration', {
  description: 'Who may create an account here.',
  values: {
    OPEN: { description: 'Everyone, with `register`.' },
    INVITE: { description: 'Those who were invited.' },
    CLOSED: { description: 'Nobody: accounts come from elsewhere.' },
  } as const,
});

const ServerInfo = builder.objectRef<ServerFacts>('ServerInfo').implement({
  description: 'This server, and what it allows.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name its operator gave it (SERVER_NAME).' }),
    version: t.exposeString('version', { description: 'The version of Parley, as in `1.2.3`.' }),
    passwordLogin: t.exposeBoolean('passwordLogin', { description: 'Whether people sign in with a password.' }),
    registration: t.field({
      type: Registration,
      description: 'Who may create an account here.',
      resolve: ({ passwordLogin }) => (passwordLogin ? 'OPEN' : 'CLOSED'),
    }),
    directChats: t.boolean({
      description: 'Whether the viewer may open direct chats; for an anonymous viewer, whether every user may.',
      resolve: ({ directChats }, _args, { viewer }) => canOpenDirect(viewer ?? { role: 'USER' }, directChats),
    }),
    groups: t.boolean({
      description: 'Whether the viewer may create groups; for an anonymous viewer, whether every user may.',
      resolve: ({ groupCreators }, _args, { viewer }) => canCreateGroup(viewer ?? { role: 'USER' }, groupCreators),
    }),
    messageMaxLength: t.exposeInt('messageMaxLength', {
      description: 'The maximum length of a message text, in Unicode code points.',
    }),
    messagesPerMinute: t.int({
      nullable: true,
      description: 'How many messages a user may send per minute. Null: no limit.',
      resolve: ({ messagesPerMinute }) => messagesPerMinute || null,
    }),
    maxAttachmentBytes: t.exposeInt('maxAttachmentBytes', {
      description: 'The maximum size of a file that people send, in bytes. 0: no files.',
    }),
  }),
});

builder.queryField('serverInfo', (t) =>
  t.field({
    description: 'This server, and what it allows. Needs no sign-in.',
    type: ServerInfo,
    nullable: true,
    resolve: (_root, _args, { services }) => services.server,
  }),
);
