/** Groups by people, over the public API: roles, open groups, invites. */
import { describe, expect, it } from 'vitest';
import {
  AcceptInviteDocument,
  CreateInviteDocument,
  InviteDocument,
  InvitesDocument,
  JoinChatDocument,
  OpenChatsDocument,
  RevokeInviteDocument,
  SetChatMemberRoleDocument,
} from '../support/generated/operations.js';
import { idIn, must, run } from '../support/change.js';
import { post } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { administrator, newPerson, type Person } from '../support/people.js';

const node = ownNode({ groupCreators: 'everyone' });

/** A group that Ada has made, with Bob in it. */
const aGroup = async (input: object = {}) => {
  const [ada, bob] = [await newPerson(node, 'ada'), await newPerson(node, 'bob')];
  const made = await must(ada, 'createChat', { name: 'Chess', memberIds: [bob.id], ...input });
  return { ada, bob, chat: { id: idIn(made, 'chat') } };
};

const GROUP = `query ($id: ID!) { chat(id: $id) { name description access membership { role } permissions { canInvite canRename canClose }
  members { nodes { user { id } role } } } }`;
const groupAs = async (person: Person, { id }: { id: string }) =>
  (await run<{ chat: Record<string, unknown> | null }>(person, GROUP, { id })).chat;

describe('a group by people', () => {
  it('T30 T31 belongs to its maker, says what it is about, and who may be in it', async () => {
    const { ada, bob, chat } = await aGroup({ description: 'Every Friday', access: 'OPEN' });

    expect(await groupAs(ada, chat)).toMatchObject({
      description: 'Every Friday',
      access: 'OPEN',
      membership: { role: 'OWNER' },
      permissions: { canInvite: true, canRename: true, canClose: true },
      members: {
        nodes: [
          { user: { id: ada.id }, role: 'OWNER' },
          { user: { id: bob.id }, role: 'MEMBER' },
        ],
      },
    });
    await must(ada, 'updateChat', { chatId: chat.id, description: null, access: 'CLOSED' });
    expect(await groupAs(bob, chat)).toMatchObject({
      name: 'Chess',
      description: null,
      access: 'CLOSED',
      membership: { role: 'MEMBER' },
      permissions: { canInvite: false, canRename: false, canClose: false },
    });
    const { serverInfo } = await ada.ask<{ serverInfo: { groups: boolean } }, object>('{ serverInfo { groups } }');
    expect(serverInfo.groups).toBe(true);
  });

  it('T32 a role that changes is an event, live and replayed, with the member as they are now', async () => {
    const { ada, bob, chat } = await aGroup();
    const MEMBER_UPDATED = `__typename ... on MemberUpdated { seq totalUnreadCount actor { id } member { id role user { id } } }`;
    const socket = await bob.connect();
    const one = socket.open<{ chatEvents: { __typename: string } }, object>(
      `subscription ($id: ID!) { chatEvents(chatId: $id) { ${MEMBER_UPDATED} } }`,
      { id: chat.id },
    );
    const all = socket.open<{ events: { __typename: string } }, object>(
      `subscription { events { ${MEMBER_UPDATED} } }`,
      {},
    );
    const firstOf = async (live: { next(): Promise<{ data?: Record<string, { __typename: string }> | null }> }) => {
      for (;;) {
        const event = Object.values((await live.next()).data!)[0]!;
        if (event.__typename === 'MemberUpdated') return event;
      }
    };
    expect((await one.next()).data?.chatEvents.__typename).toBe('ChatReady');
    expect((await all.next()).data?.events.__typename).toBe('ViewerReady');

    const { setChatMemberRole } = await ada.ask(SetChatMemberRoleDocument, {
      chatId: chat.id,
      userId: bob.id,
      role: 'MODERATOR',
    });

    const member = { role: 'MODERATOR' };
    expect(setChatMemberRole).toMatchObject({ __typename: 'SetChatMemberRoleSuccess', member });
    const event = { seq: 1, actor: { id: ada.id }, member: { ...member, user: { id: bob.id } }, totalUnreadCount: 0 };
    expect(await firstOf(one)).toMatchObject(event);
    expect(await firstOf(all)).toMatchObject(event);
    await must(ada, 'removeChatMember', { chatId: chat.id, userId: bob.id });
    const { chat: read } = await run<{ chat: { log: { nodes: object[] } } }>(
      ada,
      `query ($id: ID!) { chat(id: $id) { log { nodes { ${MEMBER_UPDATED} } } } }`,
      { id: chat.id },
    );
    expect(read.log.nodes[0]).toMatchObject({ ...event, member: { role: 'MEMBER', user: { id: bob.id } } });
  });
});

describe('an open group', () => {
  it('T35 T36 is found and joined by everybody; before that nothing of it is seen but what it says of itself', async () => {
    const name = `Open ${Math.random()}`;
    const { ada, chat } = await aGroup({ name, description: 'For all', access: 'OPEN' });
    const eve = await newPerson(node, 'eve');
    await must(ada, 'sendMessage', { chatId: chat.id, text: 'Secret' });

    const { openChats } = await eve.ask(OpenChatsDocument, { search: name });
    expect(openChats?.nodes).toEqual([{ id: chat.id, name, description: 'For all', memberCount: 2 }]);
    const seen = await run<{ openChats: { nodes: object[] } }>(
      eve,
      `query ($search: String) { openChats(search: $search, first: 2) { nodes { slug headSeq unreadCount closedAt metadata
        members { nodes { user { id } } } messages { nodes { text } } lastMessage { text } pinnedMessages { nodes { text } }
        log { nodes { seq } } invites { code } membership { role } settings { isMuted }
        permissions { canSend canMarkRead canLeave canInvite } } } }`,
      { search: name },
    );
    expect(seen.openChats.nodes).toEqual([
      {
        slug: null,
        headSeq: 0,
        unreadCount: 0,
        closedAt: null,
        metadata: {},
        members: { nodes: [] },
        messages: { nodes: [] },
        lastMessage: null,
        pinnedMessages: { nodes: [] },
        log: { nodes: [] },
        invites: null,
        membership: null,
        settings: null,
        permissions: { canSend: false, canMarkRead: false, canLeave: false, canInvite: false },
      },
    ]);
    expect(await groupAs(eve, chat)).toBe(null);

    const { joinChat } = await eve.ask(JoinChatDocument, { chatId: chat.id });
    expect(joinChat).toMatchObject({ __typename: 'JoinChatSuccess', chat: { id: chat.id, name } });
    await must(eve, 'sendMessage', { chatId: chat.id, text: 'Hello' });
  });
});

describe('an invite', () => {
  const anInvite = async (rest: object = {}) => {
    const group = await aGroup();
    const { createInvite } = await group.ada.ask(CreateInviteDocument, { chatId: group.chat.id, ...rest });
    if (createInvite?.__typename !== 'CreateInviteSuccess') throw new Error(JSON.stringify(createInvite));
    return { ...group, invite: createInvite.invite };
  };

  it('T37 T38 lets whoever has the code join, as often as it says', async () => {
    const { ada, bob, chat, invite } = await anInvite({ maxUses: 1 });
    const eve = await newPerson(node, 'eve');
    expect(invite.url).toBe(`/invite/${invite.code}`);
    const { chat: listed } = await ada.ask(InvitesDocument, { chatId: chat.id });
    expect(listed?.invites).toEqual([
      { ...invite, uses: 0, maxUses: 1, expiresAt: null, createdBy: { username: ada.username } },
    ]);
    expect((await bob.ask(InvitesDocument, { chatId: chat.id })).chat?.invites).toBe(null);
    const found = { node: { code: invite.code, chat: { id: chat.id } } };
    const NODE = 'query ($id: ID!) { node(id: $id) { ... on Invite { code chat { id } } } }';
    expect(await run(ada, NODE, { id: invite.id })).toEqual(found);
    expect(await run(bob, NODE, { id: invite.id })).toEqual({ node: null });

    for (let twice = 0; twice < 2; twice += 1) {
      const { acceptInvite } = await eve.ask(AcceptInviteDocument, { code: invite.code });
      expect(acceptInvite).toMatchObject({ __typename: 'AcceptInviteSuccess', chat: { id: chat.id } });
    }
    const { acceptInvite } = await (await newPerson(node, 'fay')).ask(AcceptInviteDocument, { code: invite.code });
    expect(acceptInvite).toEqual({ __typename: 'NotFoundError', reason: 'Invite not found' });
    expect((await ada.ask(InvitesDocument, { chatId: chat.id })).chat?.invites).toEqual([]);
  });

  it('T39 shows where it leads without signing in, and no more than that', async () => {
    const { ada, invite } = await anInvite();
    const root = await administrator(node);
    await must(root, 'upsertUsers', { users: [{ id: ada.id, metadata: { crm: 7 } }] });
    const look = (document = InviteDocument as never) => post(node.endpoint, document, { code: invite.code } as never);

    expect((await look()).data).toEqual({
      invite: {
        chatName: 'Chess',
        memberCount: 2,
        expiresAt: null,
        invitedBy: { username: ada.username, firstName: '', lastName: '' },
      },
    });
    const PERSON =
      'query ($code: String!) { invite(code: $code) { invitedBy { email externalId metadata brand { name } } } }';
    expect((await look(PERSON as never)).data).toEqual({
      invite: { invitedBy: { email: null, externalId: null, metadata: {}, brand: null } },
    });
    await ada.ask(RevokeInviteDocument, { inviteId: invite.id });
    expect((await look()).data).toEqual({ invite: null });
  });

  it('T39 that was revoked leads nowhere', async () => {
    const { ada, bob, invite } = await anInvite();
    const revoke = async (person: Person) =>
      (await person.ask(RevokeInviteDocument, { inviteId: invite.id })).revokeInvite?.__typename;

    expect(await revoke(bob)).toBe('ForbiddenError');
    expect([await revoke(ada), await revoke(ada)]).toEqual(['RevokeInviteSuccess', 'RevokeInviteSuccess']);
    expect((await ada.ask(InviteDocument, { code: invite.code })).invite).toBe(null);
  });
});
