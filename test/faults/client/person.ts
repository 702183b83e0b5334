/** Somebody signed in. The token is good at every node, for longer than a run lasts. */
import { askPatiently, type Fields } from './ask.js';
import { documents } from './documents.js';
import type { Place } from './place.js';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

export const passwordOf = (name: string) => `the password of ${name}`;

export const register = (place: () => Place, name: string): Promise<Person> =>
  session(place, name, documents.register, { email: `${name}@example.org` });

export const signIn = (place: () => Place, name: string): Promise<Person> => session(place, name, documents.logIn);

const session = async (place: () => Place, name: string, document: string, more = {}): Promise<Person> => {
  const data = await askPatiently(place, null, document, { username: name, password: passwordOf(name), ...more });
  const payload = Object.values(data)[0] as Fields & { session?: { accessToken: string; user: { id: string } } };
  if (payload.session === undefined) throw new Error(`${name}: ${JSON.stringify(payload)}`);
  return { id: payload.session.user.id, name, token: payload.session.accessToken };
};
