import { afterEach, describe, expect, it, vi } from 'vitest';
import { signIn, SignInError } from '../../../src/cli/chat/session.js';
import { ownNode } from '../../support/node.js';
import { newPerson, passwordOf } from '../../support/people.js';

const node = ownNode({ accessTokenMinutes: 1 });

afterEach(() => void vi.useRealTimers());

/** As if so much time had gone by: the clock alone, timers run on. */
const later = (seconds: number) => {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + seconds * 1000 });
};

describe('a session of the terminal client', () => {
  it('S4.3 keeps its access token while that is good, then replaces it in time, once for all who ask', async () => {
    const { username } = await newPerson(node);
    const session = await signIn({ endpoint: node.endpoint, username, password: passwordOf(username) });

    const first = await session.accessToken();
    const again = await session.accessToken();
    later(45);
    const replaced = await Promise.all([session.accessToken(), session.accessToken()]);

    expect(again).toBe(first);
    expect(replaced[0]).not.toBe(first);
    expect(replaced[1]).toBe(replaced[0]);
  });

  it('says why it cannot be begun', async () => {
    const { username } = await newPerson(node);

    const refused = signIn({ endpoint: node.endpoint, username, password: 'not the password' });

    await expect(refused).rejects.toThrow(SignInError);
    await expect(refused).rejects.toThrow('Username or password is wrong');
  });
});
