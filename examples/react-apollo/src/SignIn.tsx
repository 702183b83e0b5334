import { useState } from 'react';
import { session } from './session';

export const SignIn = ({ onSignedIn }: { onSignedIn: () => void }) => {
  const [problem, setProblem] = useState('');

  const signIn = async (form: FormData) => {
    try {
      await session.signIn(form.get('username') as string, form.get('password') as string);
      onSignedIn();
    } catch (error) {
      setProblem((error as Error).message);
    }
  };

  return (
    <form className="sign-in" action={signIn}>
      <h1>Welcome back</h1>
      <label>
        Username
        <input name="username" autoComplete="username" autoCapitalize="none" required autoFocus />
      </label>
      <label>
        Password
        <input name="password" type="password" autoComplete="current-password" required />
      </label>
      <button>Sign in</button>
      <p className="problem" role="alert">
        {problem}
      </p>
    </form>
  );
};
