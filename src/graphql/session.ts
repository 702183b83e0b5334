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
  description: "A signed-in device's tokens. Shown only once: store them.",
  fields: (t) => ({
    accessToken: t.string({
      description:
        'A JWT: send it as `Authorization: Bearer …`, or over a WebSocket in `connectionParams.authorization`.',
      resolve: ({ session }) => session.accessToken,
    }),
    accessTokenExpiresAt: t.field({
      type: 'DateTime',
      description: 'When the access token expires. Get a new one before then with `refreshSession`.',
      resolve: ({ session }) => session.accessTokenExpiresAt,
    }),
    refreshToken: t.string({
      description:
        'Valid for one `refreshSession`, within 30 days unless the server is configured otherwise. The session ends a year after signing ' +
        'in, even if refreshed.',
      resolve: ({ session }) => session.refreshToken,
    }),
    user: t.field({ type: User, description: 'The signed-in user.', resolve: ({ user }) => user }),
  }),
});

export const successWithSession = (name: string, description: string) =>
  builder.objectRef<SignedIn>(name).implement({
    description,
    fields: (t) => ({
      session: t.field({ type: Session, description: 'The session.', resolve: (signedIn) => signedIn }),
    }),
  });

/** For the rest of this operation they may see their own data. */
const welcome = (ctx: Context, signedIn: SignedIn): SignedIn => {
  ctx.signedIn = signedIn.user;
  return signedIn;
};

builder.mutationField('register', (t) =>
  t.fieldWithInput({
    description:
      "Creates an account and signs in. The request's own credential is ignored. ForbiddenError if the server accepts no passwords.",
    type: successWithSession('RegisterSuccess', 'The account was created, and its owner is signed in.'),
    nullable: true,
    argOptions: { description: 'The account to create.' },
    typeOptions: { description: 'A new account.' },
    input: {
      username: t.input.string({
        description: '3 to 32 letters, digits, `.`, `_` and `-`; unique, ignoring case.',
      }),
      password: t.input.string({ description: '8 to 128 Unicode code points of any kind.' }),
      email: t.input.string({ description: 'Unique, ignoring case.' }),
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
      "Opens a session for this device. The request's own credential is ignored. ForbiddenError if the server accepts no passwords.",
    type: successWithSession('LogInSuccess', 'Signed in.'),
    nullable: true,
    argOptions: { description: 'A username and password.' },
    typeOptions: { description: 'A username and password.' },
    input: {
      username: t.input.string({ description: 'The username or e-mail address, in any letter case.' }),
      password: t.input.string({ description: "The account's password." }),
    },
    errors: { types: [InvalidCredentialsError, ForbiddenError, RateLimitedError] },
    resolve: async (_root, { input }, ctx) => welcome(ctx, await ctx.services.accounts.logIn(input, ctx)),
  }),
);

builder.mutationField('refreshSession', (t) =>
  t.fieldWithInput({
    description:
      'Exchanges a refresh token for a new pair of tokens. If no answer arrives, retry with the same token: until the new pair is ' +
      'used, each retry replaces it, and only the last pair is valid. Once that pair was used, presenting the old token again ends ' +
      "the session, because two parties hold it. The request's own credential is ignored.",
    type: successWithSession('RefreshSessionSuccess', 'The session continues with these tokens.'),
    nullable: true,
    argOptions: { description: 'The session to refresh.' },
    typeOptions: { description: 'A refresh token.' },
    input: { refreshToken: t.input.string({ description: 'The newest one received for this session.' }) },
    errors: { types: [InvalidTokenError, RateLimitedError] },
    resolve: async (_root, { input }, ctx) => welcome(ctx, await ctx.services.accounts.refreshSession(input, ctx)),
  }),
);

const LogOutSuccess = builder.objectRef<{ endedSessions: number }>('LogOutSuccess').implement({
  description: 'Signed out. The live subscriptions of the ended sessions end with SIGNED_OUT.',
  fields: (t) => ({
    endedSessions: t.exposeInt('endedSessions', { description: 'How many sessions ended.' }),
  }),
});

builder.mutationField('logOut', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description: "Ends this device's session, or all of the viewer's sessions.",
    type: LogOutSuccess,
    nullable: true,
    argOptions: { description: 'Which sessions to end.' },
    typeOptions: { description: 'Which sessions to end.' },
    input: {
      everywhere: t.input.boolean({
        required: false,
        defaultValue: false,
        description: "Whether to sign out the viewer's other devices too.",
      }),
    },
    errors: { types: [ForbiddenError] },
    resolve: async (_root, { input }, { viewer, services }) => ({
      endedSessions: await services.accounts.logOut(viewer, input),
    }),
  }),
);

const RenewConnectionSuccess = builder.objectRef<{ expiresAt: Date }>('RenewConnectionSuccess').implement({
  description: 'The connection stays open.',
  fields: (t) => ({
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it closes unless renewed again.' }),
  }),
});

builder.mutationField('renewConnection', (t) =>
  t.withAuth({ signedIn: true }).fieldWithInput({
    description:
      "Keeps an open WebSocket past its access token's expiry. The new token must belong to the connection's own session or, if a " +
      'product issued it, to the same person (else InvalidTokenError). The operation must come over a WebSocket (else InvalidInputError).',
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
