import { ApolloProvider } from '@apollo/client/react';
import { useState } from 'react';
import { apollo } from './apollo';
import { Messenger } from './Messenger';
import { session } from './session';
import { SignIn } from './SignIn';

export const App = () => {
  const [user, setUser] = useState(session.user);
  if (!user) return <SignIn onSignedIn={() => setUser(session.user)} />;
  return (
    <ApolloProvider client={apollo()}>
      <Messenger me={user.id} />
    </ApolloProvider>
  );
};
