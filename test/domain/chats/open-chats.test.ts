import { describe, expect, it } from 'vitest';
import { BadUserInputError } from '../../../src/domain/bad-user-input.js';
import { ChatClosedError, ForbiddenError, NotFoundError, RateLimitedError } from '../../../src/domain/errors.js';
import type { Viewer } from '../../../src/domain/viewer.js';
import { chatNode, errorOf, logOf, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';

const database = ownDatabase();
const someone = () => newPerson(database.current);
const aNode = (settings = {}) => chatNode(database.current, { settings: { groupCreators: 'everyone', ...settings } });

let words = 0;
/** In the names of one test's groups only. */
const newWord = () => `word${(words += 1)}x`;

const anOpenGroup = async (settings = {}) => {
  const node = await aNode(settings);
  const [ada, bob] = [await someone(), await someone()];
  const word = newWord();
  const open = { access: 'OPEN', description: 'For everyone', slug: word, memberIds: [] } as const;
  const chat = await node.chats.create(ada, { ...open, name: `Chess ${word}` });
  const namesFor = async (viewer: Viewer, search: string) =>
    (await node.chats.listOpen(viewer, search)).edges.map(({ node: { name } }) => name);
  return { ...node, word, chat, ada, bob, namesFor };
};

describe('finding open groups', () => {
  it('T35 everybody finds them by the words of their name, without regard to case and accents, in the order of names', async () => {
    const { chats, ada, bob, word, namesFor } = await anOpenGroup();
    const make = (name: string) => chats.create(ada, { name: `${name} ${word}`, access: 'OPEN', memberIds: [] });
    for (const name of ['Ёлки', 'Ärger', 'go 100%', 'Bridge']) await make(name);
    await chats.create(ada, { name: `Closed ${word}`, memberIds: [] });
    const shut = await make('Shut');
    await chats.close(ada, shut.id);

    expect(await namesFor(bob, word)).toEqual(
      ['Ärger', 'Bridge', 'Chess', 'go 100%', 'Ёлки'].map((name) => `${name} ${word}`),
    );
    for (const [search, name] of [
      ['ЕЛКИ', 'Ёлки'],
      ['arg', 'Ärger'],
      ['0%', 'go 100%'],
      [`${word} chess`, 'Chess'],
    ])
      expect(await namesFor(bob, `${word} ${search}`)).toEqual([`${name} ${word}`]);
    expect(await namesFor(bob, `${word} chess go`)).toEqual([]);
    expect(await errorOf(chats.listOpen(bob, 'x'.repeat(201)))).toBeInstanceOf(BadUserInputError);
    expect(await errorOf(chats.listOpen(bob, '\0'))).toBeInstanceOf(BadUserInputError);
  });

  it('T35 pages go on where they ended, in both directions', async () => {
    const { chats, ada, bob, word } = await anOpenGroup();
    // One name several times: the order is sure all the same.
    for (let n = 0; n < 4; n += 1) await chats.create(ada, { name: `Same ${word}`, access: 'OPEN', memberIds: [] });
    const all = (await chats.listOpen(bob, word)).edges.map(({ node: { id } }) => id);
    expect(all).toHaveLength(5);

    const found: bigint[] = [];
    let after: string | null = null;
    do {
      const { edges, pageInfo } = await chats.listOpen(bob, word, { first: 2, after });
      found.push(...edges.map(({ node: { id } }) => id));
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    expect(found).toEqual(all);
    const last = await chats.listOpen(bob, word, { last: 2 });
    expect(last.edges.map(({ node: { id } }) => id)).toEqual(all.slice(-2));
  });

  it('T35 who is not in it sees its name, description and size, and nothing else', async () => {
    const { chats, members, ada, bob, chat, word, say } = await anOpenGroup();
    await say(ada, chat);

    const seen = (await chats.listOpen(bob, word)).edges[0]!.node;
    expect(seen).toMatchObject({
      id: chat.id,
      name: `Chess ${word}`,
      access: 'OPEN',
      slug: null,
      headSeq: 0,
      headMark: 0,
      messageCount: 0,
      activityAt: chat.createdAt,
    });
    expect(await chats.description(bob, chat.id)).toBe('For everyone');
    expect(await chats.memberCount(bob, chat.id)).toBe(1);
    expect((await chats.members(bob, chat.id)).edges).toEqual([]);
    expect((await chats.messages(bob, chat.id)).edges).toEqual([]);
    expect(await chats.metadata(bob, chat.id)).toEqual({});
    expect(await members.byKey(bob, { chatId: chat.id, userId: ada.id })).toBe(null);
    expect(Object.values(await chats.permissions(bob, chat.id))).not.toContain(true);
    expect(await chats.find(bob, { id: chat.id })).toBe(null);
    expect(await chats.find(bob, { slug: word })).toBe(null);

    const own = (await chats.listOpen(ada, word)).edges[0]!.node;
    expect(own).toMatchObject({ slug: word, headSeq: 1 });
    await chats.update(ada, { chatId: chat.id, access: 'CLOSED' });
    expect(await chats.description(bob, chat.id)).toBe(null);
    expect(await chats.memberCount(bob, chat.id)).toBe(0);
  });
});

describe('joining', () => {
  it('T36 makes one a member, whose own doing it is; twice is once', async () => {
    const { members, chats, chat, bob, notifications, hearAs } = await anOpenGroup();
    const heard = await hearAs(bob);

    const joined = await members.join(bob, chat.id);
    await members.join(bob, chat.id);

    expect(joined).toMatchObject({ id: chat.id, headSeq: 1 });
    expect(await logOf(database.current, chat)).toMatchObject([
      { type: 'MEMBER_ADDED', actorId: bob.id, userId: bob.id },
    ]);
    expect(heard).toEqual([String(chat.id)]);
    expect(await members.byKey(bob, { chatId: chat.id, userId: bob.id })).toMatchObject({ role: 'MEMBER' });
    expect((await notifications.list(bob, true)).edges).toEqual([]);
    expect(await chats.unreadTotal(bob)).toBe(0);
  });

  it('T36 of many tries at once, on two nodes, one is an event', async () => {
    const { members, chat, bob } = await anOpenGroup();
    const other = await aNode();

    await Promise.all([members, other.members, members, other.members].map((node) => node.join(bob, chat.id)));

    expect(await logOf(database.current, chat)).toHaveLength(1);
  });

  it('T36 is for open groups: who cannot see another chat is not told that it is there', async () => {
    const { members, chats, chat, ada, bob } = await anOpenGroup();
    const root = await newPerson(database.current, 'ADMIN');
    const join = (viewer: Viewer, chatId: bigint | null) => errorOf(members.join(viewer, chatId));

    await chats.close(ada, chat.id);
    expect(await join(bob, chat.id)).toBeInstanceOf(ChatClosedError);
    await chats.reopen(ada, chat.id);
    await chats.update(ada, { chatId: chat.id, access: 'CLOSED' });
    expect(await join(bob, chat.id)).toEqual(new NotFoundError('Chat'));
    expect(await join(root, chat.id)).toBeInstanceOf(ForbiddenError);
    for (const nothing of [2n ** 62n, null]) expect(await join(bob, nothing)).toEqual(new NotFoundError('Chat'));
    await members.join(ada, chat.id);
  });

  it('T36 a group that is closed to others at the same time takes one in before that, or not at all', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { members, chats, chat, ada, bob } = await anOpenGroup();

      const [joining] = await Promise.allSettled([
        members.join(bob, chat.id),
        chats.update(ada, { chatId: chat.id, access: 'CLOSED' }),
      ]);

      const types = (await logOf(database.current, chat)).map(({ type }) => type);
      expect(types).toEqual(joining.status === 'fulfilled' ? ['MEMBER_ADDED', 'CHAT_UPDATED'] : ['CHAT_UPDATED']);
    }
  });

  it('T36 JOINS_PER_MINUTE holds; what changed nothing does not count', async () => {
    const { members, chats, ada, bob } = await anOpenGroup({ joinsPerMinute: 2 });
    const make = async () => (await chats.create(ada, { name: 'Open', access: 'OPEN', memberIds: [] })).id;
    const [one, other, third] = [await make(), await make(), await make()];

    await errorOf(members.join(bob, null));
    for (const id of [one, one, one, other]) await members.join(bob, id);
    expect(await errorOf(members.join(bob, third))).toBeInstanceOf(RateLimitedError);
    await members.join(bob, one);
  });
});
