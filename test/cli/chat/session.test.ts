import { describe, expect, it } from 'vitest';
import { SignInError } from '@parley-chat/client/session';
import { signIn } from '../../../src/cli/chat/session.js';
import { LogOutDocument } from '../../support/generated/operations.js';
import { ownNode } from '../../support/node.js';
import { newPerson, passwordOf, signIn as signInElsewhere } from '../../support/people.js';
import { whoAmI } from '../../support/who-am-i.js';

const node = ownNode();

describe('a session of the terminal client', () => {
  it('is begun again with the password where its refresh token is used up', async () => {
    const { username, id } = await newPerson(node);
    const session = await signIn({ endpoint: node.endpoint, username, password: passwordOf(username) });
    const first = await session.accessToken();
    const elsewhere = await signInElsewhere(node, username);
    await elsewhere.ask(LogOutDocument, { everywhere: true });

    const second = await session.accessToken(first);

    expect(await whoAmI(node, 'http', `Bearer ${second}`)).toMatchObject({ data: { viewer: { id } } });
  });

  it('says why it cannot be begun', async () => {
    const { username } = await newPerson(node);

    const refused = signIn({ endpoint: node.endpoint, username, password: 'not the password' });

    await expect(refused).rejects.toThrow(SignInError);
    await expect(refused).rejects.toThrow('Username or password is wrong');
  });
});
