/** Who is online, as people see it, over sockets and streams of a running node. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  ChatEventsDocument,
  PresenceChangedDocument,
  PresenceDocument,
  UpdateProfileDocument,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, newPerson, type Chat, type Person } from '../support/people.js';
import { openEvents } from '../support/sse.js';

const node = ownNode();

let root: Person;
beforeAll(async () => {
  root = await administrator(node);
});

const twoPeople = async (): Promise<{ ada: Person; boris: Person; chat: Chat }> => {
  const [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
  return { ada, boris, chat: await groupOf(root, ada, boris) };
};

const presenceFor = async (viewer: Person, person: Person) =>
  (await viewer.ask(PresenceDocument, { id: person.id })).user!.presence;

/** What is told of these from now on. */
const watch = async (viewer: Person, ...people: Person[]) => {
  const socket = await viewer.connect();
  const live = socket.open(PresenceChangedDocument, { userIds: people.map(({ id }) => id) });
  const next = async () => {
    const { presenceChanged } = (await live.next()).data!;
    return [presenceChanged.user.id, presenceChanged.presence.isOnline];
  };
  return { live, next };
};

const ONLINE = { isOnline: true, lastSeenAt: null };
const OFFLINE = { isOnline: false, lastSeenAt: expect.any(String) as string };

describe('Presence', () => {
  it('T51 is of an open socket or event stream, whatever goes on in it', async () => {
    const { ada, boris, chat } = await twoPeople();
    expect(await presenceFor(ada, boris)).toEqual({ isOnline: false, lastSeenAt: null });
    const { next } = await watch(ada, boris);
    expect(await next()).toEqual([boris.id, false]);

    const socket = await boris.connect();
    expect(await next()).toEqual([boris.id, true]);
    expect(await presenceFor(ada, boris)).toEqual(ONLINE);
    const token = boris.session.accessToken;
    const stream = await openEvents(node.endpoint, ChatEventsDocument, { chatId: chat.id }, { token });
    await socket.close();
    await presenceFor(ada, boris);
    expect(await presenceFor(ada, boris)).toEqual(ONLINE);
    await stream.stop();
    expect(await next()).toEqual([boris.id, false]);
    expect(await presenceFor(ada, boris)).toEqual(OFFLINE);
  });

  it('T52 is null for strangers, and of those who keep it to themselves; only they see that they do', async () => {
    const { ada, boris } = await twoPeople();
    await boris.connect();
    await expect.poll(() => presenceFor(ada, boris)).toEqual(ONLINE);
    expect(await presenceFor(await newPerson(node, 'stranger'), boris)).toBe(null);

    await boris.ask(UpdateProfileDocument, { input: { isPresenceVisible: false } });
    expect(await presenceFor(ada, boris)).toBe(null);
    expect((await boris.ask(PresenceDocument, { id: boris.id })).user).toMatchObject({
      isPresenceVisible: false,
      presence: ONLINE,
    });
    expect((await ada.ask(PresenceDocument, { id: boris.id })).user!.isPresenceVisible).toBe(null);
    await boris.ask(UpdateProfileDocument, { input: { isPresenceVisible: true } });
    expect(await presenceFor(ada, boris)).toEqual(ONLINE);
  });

  it('T53 takes at most five hundred people', async () => {
    const { ada } = await twoPeople();
    const socket = await ada.connect();

    const answer = await socket.open(PresenceChangedDocument, { userIds: Array(501).fill(ada.id) as string[] }).next();
    expect(answer.errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });
});
