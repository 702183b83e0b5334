/** Who is online. */
import type { PresenceItem } from '../domain/streams/presence-stream.js';
import { builder } from './builder.js';
import { createEventSource, unwrap, type Delivery, type Selected } from './event-source.js';
import { decodeRowId } from './global-id.js';
import { subscriptionEnded } from './subscription-end.js';
import { User } from './user.js';

interface Shown {
  isOnline: boolean;
  lastSeenAt: Date | null;
}

type ChangedItem = Extract<PresenceItem, { kind: 'presence' }>;

const Presence = builder.objectRef<Shown>('Presence').implement({
  description:
    'Whether a user is online: has an open socket or event stream. That they came is told within two seconds, that they went within five.',
  fields: (t) => ({
    isOnline: t.exposeBoolean('isOnline', { description: 'Whether they are online now.' }),
    lastSeenAt: t.expose('lastSeenAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When they were last online, to a minute. Null while online, and if it is not known.',
    }),
  }),
});

builder.prismaObjectFields(User, (t) => ({
  presence: t.field({
    type: Presence,
    nullable: true,
    description:
      'Whether they are online. Null unless they are the viewer or share a chat with the viewer; also if they keep it to themselves, if one of ' +
      'the two has blocked the other, and if it is off here.',
    resolve: ({ id }, _args, { loaders, viewer }) => (viewer === null ? null : loaders.presence(id)),
  }),
  isPresenceVisible: t.boolean({
    nullable: true,
    description:
      'Whether those who share a chat with them see their `presence`. For the user themselves; otherwise null.',
    resolve: ({ id }, _args, { services, viewer }) =>
      viewer?.id === id ? services.userPresence.isVisible(viewer) : null,
  }),
}));

const PresenceChanged = builder.objectRef<ChangedItem>('PresenceChanged').implement({
  description: 'Somebody came or went.',
  fields: (t) => ({
    user: t.field({
      type: User,
      description: 'Who.',
      resolve: ({ userId }, _args, { loaders }) => loaders.named(userId),
    }),
    presence: t.field({ type: Presence, description: 'As it is now.', resolve: (item) => item }),
  }),
});

const selectChanges = (item: PresenceItem): Selected<ChangedItem> =>
  item.kind === 'presence' ? { value: item } : { error: subscriptionEnded(item.code, item.reason) };

builder.subscriptionField('presenceChanged', (t) =>
  t.withAuth({ signedIn: true }).field({
    description:
      'Who of these comes and goes: first each as they are now, then changes, at most once a second. Others than those whose `presence` the ' +
      'viewer may see are left out; whom the viewer may see no longer is told to be offline. It ends with a last result that carries the error ' +
      'SUBSCRIPTION_ENDED and an `endCode`. At most 20 of a user are open at once.',
    type: PresenceChanged,
    args: { userIds: t.arg.idList({ description: 'At most 500.' }) },
    subscribe: (_root, { userIds }, { services, viewer, ending }) =>
      createEventSource(
        services.streams.presence(viewer, { userIds: userIds.map((id) => decodeRowId('User', id)), ending }),
        selectChanges,
      ),
    resolve: (delivery: Delivery<ChangedItem>) => unwrap(delivery),
  }),
);
