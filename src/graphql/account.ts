/** The viewer's own account. */
import { ForbiddenError, InvalidCredentialsError, InvalidInputError, RateLimitedError } from '../domain/errors.js';
import type { UserRow } from '../domain/accounts/users.js';
import { builder } from './builder.js';
import { decodeNewAvatar } from './global-id.js';
import { successWithSession } from './session.js';
import { User } from './user.js';

builder.mutationField('changePassword', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Sets a new password and ends the viewer's other sessions; this one continues with new tokens.",
    type: successWithSession('ChangePasswordSuccess', 'The password was changed, and the other sessions ended.'),
    nullable: true,
    argOptions: { description: 'The old password and the new one.' },
    typeOptions: { description: 'The old password and the new one.' },
    input: {
      currentPassword: t.input.string({ description: 'The current password.' }),
      newPassword: t.input.string({ description: '8 to 128 Unicode code points of any kind.' }),
    },
    errors: { types: [InvalidCredentialsError, InvalidInputError, ForbiddenError, RateLimitedError] },
    resolve: (_root, { input }, { viewer, services }) => services.accounts.changePassword(viewer, input),
  }),
);

const UpdateProfileSuccess = builder.objectRef<{ user: UserRow }>('UpdateProfileSuccess').implement({
  description: 'The profile was changed.',
  fields: (t) => ({ user: t.field({ type: User, description: 'The viewer.', resolve: ({ user }) => user }) }),
});

builder.mutationField('updateProfile', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Changes the viewer's profile. Absent fields are left unchanged.",
    type: UpdateProfileSuccess,
    nullable: true,
    argOptions: { description: 'What to change.' },
    typeOptions: { description: 'What to change; absent fields are left unchanged.' },
    input: {
      firstName: t.input.string({ required: false, description: 'Null clears it.' }),
      lastName: t.input.string({ required: false, description: 'Null clears it.' }),
      email: t.input.string({ required: false, description: 'Cannot be cleared. Unique, ignoring case.' }),
      avatarUploadId: t.input.id({
        required: false,
        description:
          "The viewer's own upload for an AVATAR, whose bytes are stored: their picture from now on. Null takes it away.",
      }),
      isPresenceVisible: t.input.boolean({
        required: false,
        description: 'Whether those who share a chat with the viewer see their `presence`.',
      }),
    },
    errors: { types: [InvalidInputError, ForbiddenError] },
    resolve: async (_root, { input: { isPresenceVisible, avatarUploadId, ...profile } }, { viewer, services }) => {
      const user = await services.accounts.updateProfile(viewer, {
        ...profile,
        avatarUploadId: decodeNewAvatar(avatarUploadId),
      });
      if (typeof isPresenceVisible === 'boolean') await services.userPresence.setVisible(viewer, isPresenceVisible);
      return { user };
    },
  }),
);
