/** Keeps the user signed in for as long as the program runs. */
import { SignedOutError } from '@parley-chat/client/refusal';
import { createSession, type SessionUser } from '@parley-chat/client/session';

export interface Session {
  readonly user: SessionUser;
  /** A token that stays valid for a while, and is not the one that was refused. */
  accessToken(refused?: string): Promise<string>;
}

export interface SignIn {
  /** `http://host:port/graphql` */
  endpoint: string;
  username: string;
  password: string;
}

/** @throws SignInError if name or password are wrong; TypeError (from fetch) if the server cannot be reached */
export const signIn = async ({ endpoint, username, password }: SignIn): Promise<Session> => {
  const session = createSession({ url: endpoint });
  return {
    user: await session.signIn(username, password),
    accessToken: async (refused) => {
      try {
        return await session.accessToken(refused);
      } catch (error) {
        if (!(error instanceof SignedOutError)) throw error;
        // The answer to a refresh may have been lost, so the stored refresh token is used up. The password still works.
        await session.signIn(username, password);
        return session.accessToken();
      }
    },
  };
};
