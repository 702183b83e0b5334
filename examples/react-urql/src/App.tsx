import { useState } from 'react';
import { Provider } from 'urql';
import { Messenger } from './Messenger';
import { session } from './session';
import { SignIn } from './SignIn';
import { urql } from './urql';

export const App = () => {
  const [user, setUser] = useState(session.user);
  if (!user) return <SignIn onSignedIn={() => setUser(session.user)} />;
  return (
    <Provider value={urql()}>
      <Messenger me={user.id} />
    </Provider>
  );
};
