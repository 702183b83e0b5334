/** Signed in, and staying so for as long as the program runs. */
import { SignedOutError } from '@parley-chat/client/refusal';
import { createSession, type SessionUser } from '@parley-chat/client/session';

export interface Session {
  readonly user: SessionUser;
  /** One that is good for a while yet, and another than the one that was refused. */
  accessToken(refused?: string): Promise<string>;
}

export interface SignIn {
  /** `http://host:port/graphql` */
  endpoint: string;
  username: string;
  password: string;
}

/** @throws SignInError where name or password are wrong; TypeError (fetch's) where the server cannot be reached */
export const signIn = async ({ endpoint, username, password }: SignIn): Promise<Session> => {
  const session = createSession({ url: endpoint });
  return {
    user: await session.signIn(username, password),
    accessToken: async (refused) => {
      try {
        return await session.accessToken(refused);
      } catch (error) {
        if (!(error instanceof SignedOutError)) throw error;
        // The answer to a refresh may have been lost, and its token was used then: the password is still good.
        await session.signIn(username, password);
        return session.accessToken();
      }
    },
  };
};
