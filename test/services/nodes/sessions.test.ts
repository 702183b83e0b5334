/** A session that ends on one node ends what it has open on the other, within five seconds, with Redis away too. */
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  ChangePasswordDocument,
  LogOutDocument,
  SetUserActiveDocument,
  SetUserRoleDocument,
  ViewerDocument,
} from '../../support/generated/operations.js';
import { ownNodes } from '../../support/nodes.js';
import { parley } from '../../support/parley.js';
import {
  groupOf,
  administrator,
  newPerson,
  passwordOf,
  signIn,
  staffMember,
  type Person,
} from '../../support/people.js';

const nodes = ownNodes();

/** What may end a session elsewhere, with how many of the two sessions it ends. */
const ways: [string, (person: Person) => Promise<void>][] = [
  [
    'logging out everywhere',
    async (person) => {
      const { logOut } = await person.ask(LogOutDocument, { everywhere: true });
      expect(logOut).toEqual({ __typename: 'LogOutSuccess', endedSessions: 2 });
    },
  ],
  [
    'changing the password',
    async (person) => {
      const passwords = { currentPassword: passwordOf(person.username), newPassword: 'another password' };
      const { changePassword } = await person.ask(ChangePasswordDocument, passwords);
      expect(changePassword?.__typename).toBe('ChangePasswordSuccess');
    },
  ],
  [
    'being deactivated',
    async ({ id }) => {
      const root = await administrator(nodes.one);
      const { setUserActive } = await root.ask(SetUserActiveDocument, { userId: id, isActive: false });
      expect(setUserActive?.__typename).toBe('SetUserActiveSuccess');
    },
  ],
  [
    '`parley set-password`',
    async ({ username }) => {
      const args = ['set-password', '--username', username, '--generate'];
      const { code, out } = await parley(args, { env: nodes.environment });
      expect(out).toContain('ended 2 sessions');
      expect(code).toBe(0);
    },
  ],
];

describe.each([
  ['with Redis', true],
  ['with Redis down', false],
])('S2.12 %s', (_how, isRedisUp) => {
  it.each(ways)('%s ends a socket and an event stream on the other node', async (_what, endSessions) => {
    const root = await administrator(nodes.one);
    const here = await newPerson(nodes.one, 'ada');
    const other = await newPerson(nodes.one, 'boris');
    const there = await signIn(nodes.other, here.username);
    const chat = await groupOf(root, here, other);
    const following = await there.follow(chat);
    const streaming = await there.follow(chat, { over: 'sse' });
    const others = await other.at(nodes.other).follow(chat);
    await Promise.all([following, streaming, others].map((one) => one.event('ChatReady')));
    if (!isRedisUp) {
      await nodes.redis!.kill();
      onTestFinished(() => nodes.redis!.restart());
    }

    await endSessions(here);
    const ended = performance.now();

    expect(await following.socket!.closed).toMatchObject({ code: 4401 });
    expect(await streaming.ended).toBe('cut');
    expect(performance.now() - ended).toBeLessThan(5000);
    for (const one of [following, streaming])
      expect(one.events.at(-1)).toMatchObject({ __typename: 'SubscriptionEnded', code: 'SIGNED_OUT' });
    const { errors } = await there.tell('http', ViewerDocument);
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    // Nobody else's.
    await other.send(chat, 'still here');
    expect(await others.event('MessageSent')).toMatchObject({ message: { text: 'still here' } });
  });

  it('S3.8 a role that is taken away ends what it let one follow on the other node', async () => {
    const root = await administrator(nodes.one);
    const [boss, ada] = [await staffMember(nodes.one, 'ADMIN'), await newPerson(nodes.one, 'ada')];
    const chat = await groupOf(root, ada);
    const following = await boss.at(nodes.other).follow(chat);
    await following.event('ChatReady');
    if (!isRedisUp) {
      await nodes.redis!.kill();
      onTestFinished(() => nodes.redis!.restart());
    }

    await root.ask(SetUserRoleDocument, { userId: boss.id, role: 'USER' });
    const changed = performance.now();

    expect(await following.event('SubscriptionEnded')).toMatchObject({ code: 'CHAT_GONE' });
    expect(performance.now() - changed).toBeLessThan(5000);
  });
});
