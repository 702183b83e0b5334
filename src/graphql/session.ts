/** Signed-in devices: registering, signing in and out, staying signed in. */
import {
  ForbiddenError,
  InvalidCredentialsError,
  InvalidInputError,
  InvalidTokenError,
  RateLimitedError,
} from '../domain/errors.js';
import type { SignedIn } from '../domain/accounts/accounts.js';
import { builder } from './builder.js';
import type { Context } from './context.js';
import { User } from './user.js';

export const Session = builder.objectRef<SignedIn>('Session').implement({
  description: 'What a device is given to be signed in with. Shown once: keep it.',
  fields: (t) => ({
    accessToken: t.string({
      description: 'A JWT: send it as `Authorization: Bearer …`, over a WebSocket in `connectionParams.authorization`.',
      resolve: ({ session }) => session.accessToken,
    }),
    accessTokenExpiresAt: t.field({
      type: 'DateTime',
      description: 'Get a new one before: `refreshSession`.',
      resolve: ({ session }) => session.accessTokenExpiresAt,
    }),
    refreshToken: t.string({
      description:
        'For one `refreshSession`, within 30 days unless the server is set otherwise; a year after signing in it is over in any case.',
      resolve: ({ session }) => session.refreshToken,
    }),
    user: t.field({ type: User, description: 'Who is signed in.', resolve: ({ user }) => user }),
  }),
});

export const successWithSession = (name: string, description: string) =>
  builder.objectRef<SignedIn>(name).implement({
    description,
    fields: (t) => ({
      session: t.field({ type: Session, description: 'The session.', resolve: (signedIn) => signedIn }),
    }),
  });

/** For the rest of this operation they may see what is theirs. */
const welcome = (ctx: Context, signedIn: SignedIn): SignedIn => {
  ctx.signedIn = signedIn.user;
  return signedIn;
};

builder.mutationField('register', (t) =>
  t.fieldWithInput({
    description:
      "Makes an account and signs in. The request's own credential is ignored. ForbiddenError where the server takes no passwords.",
    type: successWithSession('RegisterSuccess', 'The account was made, and its owner is signed in.'),
    nullable: true,
    argOptions: { description: 'The account to make.' },
    typeOptions: { description: 'A new account.' },
    input: {
      username: t.input.string({
        description: '3 to 32 letters, digits, `.`, `_` and `-`; unique without regard to case.',
      }),
      password: t.input.string({ description: '8 to 128 Unicode code points of anything.' }),
      email: t.input.string({ description: 'Unique without regard to case.' }),
      firstName: t.input.string({ required: false, description: 'May be empty.' }),
      lastName: t.input.string({ required: false, description: 'May be empty.' }),
    },
    errors: { types: [InvalidInputError, ForbiddenError, RateLimitedError] },
    resolve: async (_root, { input }, ctx) => welcome(ctx, await ctx.services.accounts.register(input, ctx)),
  }),
);

builder.mutationField('logIn', (t) =>
  t.fieldWithInput({
    description:
      "Opens a session for this device. The request's own credential is ignored. ForbiddenError where the server takes no passwords.",
    type: successWithSession('LogInSuccess', 'Signed in.'),
    nullable: true,
    argOptions: { description: 'Who signs in.' },
    typeOptions: { description: 'A username and its password.' },
    input: {
      username: t.input.string({ description: 'Or their e-mail address; in any case.' }),
      password: t.input.string({ description: "The account's password." }),
    },
    errors: { types: [InvalidCredentialsError, ForbiddenError, RateLimitedError] },
    resolve: async (_root, { input }, ctx) => welcome(ctx, await ctx.services.accounts.logIn(input, ctx)),
  }),
);

builder.mutationField('refreshSession', (t) =>
  t.fieldWithInput({
    description:
      'Exchanges a refresh token for a new pair of tokens. If no answer came, repeat it with the same token: as long as nobody has used the ' +
      'new pair, another one takes its place, and the last that was given is good. Once it was used, showing the old token again ends the ' +
      "session, for two hold it. The request's own credential is ignored.",
    type: successWithSession('RefreshSessionSuccess', 'The session goes on with these tokens.'),
    nullable: true,
    argOptions: { description: 'The session to go on with.' },
    typeOptions: { description: 'A refresh token.' },
    input: { refreshToken: t.input.string({ description: "The session's newest that was answered." }) },
    errors: { types: [InvalidTokenError, RateLimitedError] },
    resolve: async (_root, { input }, ctx) => welcome(ctx, await ctx.services.accounts.refreshSession(input, ctx)),
  }),
);

const LogOutSuccess = builder.objectRef<{ endedSessions: number }>('LogOutSuccess').implement({
  description: 'Signed out. What the ended sessions had open live ends with SIGNED_OUT.',
  fields: (t) => ({
    endedSessions: t.exposeInt('endedSessions', { description: 'How many sessions ended.' }),
  }),
});

builder.mutationField('logOut', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Ends this device's session, or all of the viewer's.",
    type: LogOutSuccess,
    nullable: true,
    argOptions: { description: 'What to end.' },
    typeOptions: { description: 'Which sessions to end.' },
    input: {
      everywhere: t.input.boolean({
        required: false,
        defaultValue: false,
        description: "Whether the viewer's other devices are signed out too.",
      }),
    },
    errors: { types: [ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      endedSessions: await services.accounts.logOut(viewer, input),
    }),
  }),
);

const RenewConnectionSuccess = builder.objectRef<{ expiresAt: Date }>('RenewConnectionSuccess').implement({
  description: 'The connection goes on.',
  fields: (t) => ({
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'Until when, unless it is renewed again.' }),
  }),
});

builder.mutationField('renewConnection', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      "On an open WebSocket: keeps it past its access token's expiry. The token must be of the connection's own session, " +
      'or the same person’s of the product that they came from (InvalidTokenError), the operation must come over a WebSocket (InvalidInputError).',
    type: RenewConnectionSuccess,
    nullable: true,
    argOptions: { description: 'The new token.' },
    typeOptions: { description: 'A new access token for this connection.' },
    input: { accessToken: t.input.string({ description: 'From `refreshSession`.' }) },
    errors: { types: [InvalidTokenError, InvalidInputError] },
    resolve: async (_root, { input }, { socket }) => {
      if (socket === null) {
        throw new InvalidInputError([
          { path: ['accessToken'], code: 'NOT_ALLOWED', reason: 'renews a WebSocket: send it over that' },
        ]);
      }
      return { expiresAt: await socket.renew(input.accessToken) };
    },
  }),
);
