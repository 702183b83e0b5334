import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { describe, expect, it } from 'vitest';
import { AUDITED } from '../../src/graphql/audit.js';
import { decodeGlobalId, encodeGlobalId } from '../../src/graphql/global-id.js';
import { schema } from '../../src/graphql/schema.js';
import {
  AddChatMemberDocument,
  AddChatMembersDocument,
  ChangePasswordDocument,
  CloseChatDocument,
  CreateApiTokenDocument,
  CreateBrandDocument,
  CreateChatDocument,
  CreateInviteDocument,
  CreateMatchDocument,
  CreateRelationDocument,
  CreateUserTokenDocument,
  DeleteMessagesDocument,
  DeleteRelationDocument,
  LogOutDocument,
  MessagesAroundReportDocument,
  OpenOrderChatDocument,
  RegisterDocument,
  RemoveChatMemberDocument,
  ReopenChatDocument,
  ReportMessageDocument,
  ReportsDocument,
  ResolveReportDocument,
  RevokeApiTokenDocument,
  RevokeInviteDocument,
  SetChatMemberRoleDocument,
  SetBrandPlanDocument,
  SetUserActiveDocument,
  SetUserRoleDocument,
  UpdateChatDocument,
  UpdateProfileDocument,
  UpdateRelationDocument,
  UpsertUsersDocument,
} from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { admin, ownNode, type LogLine, type TestNode } from '../support/node.js';
import { groupChat, newPerson, passwordOf, signIn, transports, type Person } from '../support/people.js';
import { scrape, valueOf } from '../support/scrape.js';

const node = ownNode({ slowMs: 60_000, trustProxy: 1 });
const rowIdOf = ({ id }: { id: string }) => decodeGlobalId(id)!.key;

/** The audit lines that `act` leaves. */
const auditOf = async (act: () => Promise<unknown>): Promise<LogLine[]> => {
  const before = node.log.length;
  await act();
  return node.log.slice(before).filter(({ msg }) => msg === 'Audit');
};

/** Told of further below. */
const elsewhere = ['logIn', 'logOut', 'changePassword'];
const everyday = [
  'acceptInvite',
  'addReaction',
  'blockUser',
  'createUpload',
  'deleteUpload',
  'editMessage',
  'joinChat',
  'leaveChat',
  'markNotificationsRead',
  'markRead',
  'openDirectChat',
  'pinMessage',
  'refreshSession',
  'removeReaction',
  'renewConnection',
  'reportMessage',
  'sendMessage',
  'setTyping',
  'unblockUser',
  'unpinMessage',
  'updateChatSettings',
];

describe('Audit lines', () => {
  it('are decided on for every mutation', () => {
    expect(Object.keys(AUDITED).sort()).toEqual(Object.keys(schema.getMutationType()!.getFields()).sort());
  });

  it('are of all but everyday talk, each with whom and what it is about, and with nothing else', async () => {
    const root = await signIn(node, admin.username, admin.password);
    const [ada, boris, chen, dora] = await Promise.all(
      ['ada', 'boris', 'chen', 'dora'].map((it) => newPerson(node, it)),
    );
    const [a, b, c, d] = [ada!, boris!, chen!, dora!].map(rowIdOf);
    const told: Record<string, unknown> = {};
    /** Does it as `person`, and keeps what its line is about. */
    const act = async <Data, Variables>(
      person: Person,
      document: TypedDocumentNode<Data, Variables>,
      variables?: Variables,
    ) => {
      let answer: unknown;
      const lines = await auditOf(async () => {
        [answer] = Object.values((await person.ask(document, variables)) as Record<string, unknown>);
      });
      expect(lines).toMatchObject([{ outcome: 'success', userId: rowIdOf(person), by: 'session' }]);
      told[lines[0]!.audit as string] = lines[0]!.about;
      return answer as Record<string, { id: string }>;
    };
    const ofManager = await act(root, SetUserRoleDocument, { userId: boris!.id, role: 'MANAGER' as never });
    expect(ofManager).toHaveProperty('user');

    const { chat } = await act(root, CreateChatDocument, { input: { name: 'Hush', memberIds: [ada!.id, boris!.id] } });
    const chatId = chat!.id;
    await act(root, UpdateChatDocument, { input: { chatId, name: 'Hush hush' } });
    await act(root, AddChatMemberDocument, { chatId, userId: chen!.id });
    await act(root, SetChatMemberRoleDocument, { chatId, userId: ada!.id, role: 'OWNER' as never });
    const { invite } = await act(root, CreateInviteDocument, { chatId, maxUses: 3 });
    await act(root, RevokeInviteDocument, { inviteId: invite!.id });
    await act(root, AddChatMembersDocument, { chatId, userIds: [chen!.id, dora!.id] });
    await act(root, RemoveChatMemberDocument, { chatId, userId: chen!.id });
    const sent = (await ada!.send({ id: chatId }, 'hush')) as unknown as { message: { id: string } };
    await act(root, DeleteMessagesDocument, { chatId, messageIds: [sent.message.id] });
    const spam = (await ada!.send({ id: chatId }, 'hush')) as unknown as { message: { id: string } };
    const reporting = { messageId: spam.message.id, reason: 'SPAM' as never, comment: 'hush' };
    const { reportMessage } = await boris!.ask(ReportMessageDocument, reporting);
    const reportId = (reportMessage as { report: { id: string } }).report.id;
    await act(root, ResolveReportDocument, { reportId, status: 'RESOLVED' as never });
    await act(root, CloseChatDocument, { chatId });
    await act(root, ReopenChatDocument, { chatId });
    const order = await act(boris!, OpenOrderChatDocument, { input: { orderRef: 'hush', memberIds: [ada!.id] } });
    const { relation } = await act(root, CreateRelationDocument, { managerId: boris!.id, clientId: ada!.id });
    await act(root, UpdateRelationDocument, { relationId: relation!.id, clientId: chen!.id });
    await act(root, DeleteRelationDocument, { relationId: relation!.id });
    const { brand: one } = await act(root, CreateBrandDocument, { input: { name: 'Hush', ownerId: chen!.id } });
    const { brand: other } = await act(root, CreateBrandDocument, {
      input: { name: 'Hush', ownerId: dora!.id, plan: 'FREE' as never },
    });
    await act(root, SetBrandPlanDocument, { brandId: one!.id, plan: 'BUSINESS' as never });
    const match = await act(root, CreateMatchDocument, { brandIds: [one!.id, other!.id] });
    await act(root, CreateUserTokenDocument, { userId: ada!.id, minutes: 5 });
    await act(root, UpsertUsersDocument, { users: [{ id: ada!.id, firstName: 'Hush' }, { id: 'hush' }] });
    await act(root, SetUserActiveDocument, { userId: dora!.id, isActive: false });
    await act(ada!, UpdateProfileDocument, { input: { firstName: 'Hush' } });
    const expiresAt = new Date(Date.now() + 60_000);
    const { apiToken } = await act(ada!, CreateApiTokenDocument, {
      input: { name: 'hush', scopes: ['CHAT' as never], expiresAt: expiresAt as never },
    });
    await act(ada!, RevokeApiTokenDocument, { apiTokenId: apiToken!.id });
    const username = `eva${ada!.username}`;
    const register = { input: { username, password: passwordOf(username), email: `${username}@example.org` } };
    const registered = await auditOf(() => post(node.endpoint, RegisterDocument, register));

    const rowChat = rowIdOf(chat!);
    expect(told).toEqual({
      setUserRole: { userId: b, role: 'MANAGER' },
      createChat: { memberIds: [a, b], access: 'CLOSED', chatId: rowChat },
      updateChat: { chatId: rowChat },
      setChatMemberRole: { chatId: rowChat, userId: a, role: 'OWNER' },
      createInvite: { chatId: rowChat, maxUses: 3, inviteId: rowIdOf(invite!) },
      revokeInvite: { inviteId: rowIdOf(invite!) },
      addChatMember: { chatId: rowChat, userId: c },
      addChatMembers: { chatId: rowChat, userIds: [c, d] },
      removeChatMember: { chatId: rowChat, userId: c },
      deleteMessages: { chatId: rowChat, messageIds: [rowIdOf(sent.message)] },
      resolveReport: { reportId: rowIdOf({ id: reportId }), status: 'RESOLVED' },
      closeChat: { chatId: rowChat },
      reopenChat: { chatId: rowChat },
      openOrderChat: { memberIds: [a], chatId: rowIdOf(order.chat!) },
      createRelation: { managerId: b, clientId: a },
      updateRelation: { relationId: rowIdOf(relation!), clientId: c },
      deleteRelation: { relationId: rowIdOf(relation!) },
      createBrand: { ownerId: d, plan: 'FREE', brandId: rowIdOf(other!) },
      setBrandPlan: { brandId: rowIdOf(one!), plan: 'BUSINESS' },
      createMatch: { brandIds: [rowIdOf(one!), rowIdOf(other!)], chatId: rowIdOf(match.chat!) },
      createUserToken: { userId: a, minutes: 5, expiresAt: expect.any(String) as string },
      upsertUsers: { userIds: [a], refused: 1 },
      setUserActive: { userId: d, isActive: false },
      updateProfile: {},
      createApiToken: { scopes: ['CHAT'], expiresAt: expiresAt.toJSON(), apiTokenId: rowIdOf(apiToken!) },
      revokeApiToken: { apiTokenId: rowIdOf(apiToken!) },
    });
    expect(registered).toMatchObject([
      { about: { userId: expect.any(String) as string, sessionId: expect.any(String) as string } },
    ]);
    const withoutLine = Object.keys(AUDITED).filter((name) => AUDITED[name] === null);
    expect([...Object.keys(told), 'register', ...elsewhere, ...withoutLine].sort()).toEqual(
      Object.keys(AUDITED).sort(),
    );
    expect(withoutLine.sort()).toEqual(everyday);
  });

  it('say who did what to whom, from where, and what came of it, over every transport', async () => {
    const root = await signIn(node, admin.username, admin.password);
    const ada = await newPerson(node, 'ada');

    for (const transport of transports) {
      const input = { userId: ada.id, role: 'MANAGER' };
      const document = `mutation ($input: SetUserRoleInput!) { setUserRole(input: $input) { __typename } }`;
      const lines = await auditOf(() => root.tell(transport, document, { input }));

      expect(lines, transport).toMatchObject([
        {
          level: 'info',
          audit: 'setUserRole',
          outcome: 'success',
          userId: rowIdOf(root),
          by: 'session',
          about: { userId: rowIdOf(ada), role: 'MANAGER' },
          address: '127.0.0.1',
          transport,
          requestId: expect.any(String) as string,
        },
      ]);
    }
    const refused = await auditOf(() => ada.ask(SetUserActiveDocument, { userId: root.id, isActive: false }));
    expect(refused).toMatchObject([{ audit: 'setUserActive', outcome: 'ForbiddenError', userId: rowIdOf(ada) }]);
  });

  it('T49 say which reports an administrator read, and around which they looked; nobody else leaves one', async () => {
    const { root, ada, boris, chat } = await groupChat(node);
    const sent = (await ada.send(chat, 'hush')) as unknown as { message: { id: string } };
    const { reportMessage } = await boris.ask(ReportMessageDocument, {
      messageId: sent.message.id,
      reason: 'OTHER' as never,
    });
    const { id } = (reportMessage as { report: { id: string } }).report;

    const lines = await auditOf(async () => {
      await boris.ask(ReportsDocument, {});
      await boris.ask(MessagesAroundReportDocument, { id });
      await root.ask(ReportsDocument, {});
      await root.ask(MessagesAroundReportDocument, { id });
    });

    expect(lines).toMatchObject([
      { audit: 'reports', userId: rowIdOf(root), by: 'session', about: { reportIds: [rowIdOf({ id })] } },
      { audit: 'reports', about: { reportIds: [rowIdOf({ id })] } },
      { audit: 'messagesAround', about: { reportId: rowIdOf({ id }), chatId: rowIdOf(chat) } },
    ]);
  });

  it('tell an API token from a session, and whom a proxy speaks for', async () => {
    const root = await signIn(node, admin.username, admin.password);
    const input = { name: 'tool', scopes: ['ADMIN' as never] };
    const { token } = (await root.ask(CreateApiTokenDocument, { input })).createApiToken as { token: string };
    const headers = { 'X-Forwarded-For': '203.0.113.7' };

    const lines = await auditOf(() =>
      post(node.endpoint, SetUserRoleDocument, { userId: root.id, role: 'ADMIN' as never }, { token, headers }),
    );

    expect(lines).toMatchObject([{ userId: rowIdOf(root), by: 'apiToken', address: '203.0.113.7', transport: 'http' }]);
  });

  it('name no more than a hundred of many', async () => {
    const { root, ada, chat } = await groupChat(node);
    const userIds = [
      ada.id,
      ...Array.from({ length: 150 }, (_, number) => encodeGlobalId('User', `${10 ** 9 + number}`)),
    ];

    const [line] = await auditOf(() => root.tell('http', AddChatMembersDocument, { chatId: chat.id, userIds }));

    expect((line!.about as { userIds: string[] }).userIds).toHaveLength(100);
  });

  it('are one for each field of a document, whatever it is called there', async () => {
    const root = await signIn(node, admin.username, admin.password);
    const [ada, boris] = [await newPerson(node), await newPerson(node)];
    const role = (id: string) => `setUserRole(input: { userId: "${id}", role: ADMIN }) { __typename }`;

    const lines = await auditOf(() => root.ask(`mutation { one: ${role(ada.id)} other: ${role(boris.id)} }`));

    expect(lines.map(({ about }) => about)).toEqual([
      { userId: rowIdOf(ada), role: 'ADMIN' },
      { userId: rowIdOf(boris), role: 'ADMIN' },
    ]);
  });

  it('tell of sign-ins that succeeded and failed, of passwords, tokens and sessions, and hold none of them', async () => {
    const ada = await newPerson(node, 'ada');
    const wrong = (username: string) =>
      post(
        node.endpoint,
        `mutation { logIn(input: { username: "${username}", password: "hush-hush" }) { __typename } }`,
      );
    const before = node.log.length;

    await wrong(ada.username);
    await wrong('hush-hush-nobody');
    const again = await signIn(node, ada.username);
    await again.ask(CreateApiTokenDocument, { input: { name: 'hush-hush', scopes: ['CHAT'] } });
    await again.ask(ChangePasswordDocument, { currentPassword: passwordOf(ada.username), newPassword: 'hush-hush' });
    await again.ask(LogOutDocument, { everywhere: true });

    const lines = node.log.slice(before);
    const userId = rowIdOf(ada);
    expect(lines.filter(({ msg }) => msg === 'Audit')).toMatchObject([
      { audit: 'logIn', outcome: 'InvalidCredentialsError', about: { userId }, address: '127.0.0.1' },
      { audit: 'logIn', outcome: 'InvalidCredentialsError', about: {} },
      { audit: 'logIn', outcome: 'success', about: { userId, sessionId: expect.any(String) as string } },
      { audit: 'createApiToken', outcome: 'success', userId, about: { scopes: ['CHAT'] } },
      { audit: 'changePassword', outcome: 'success', userId },
      { audit: 'logOut', outcome: 'success', userId, about: { everywhere: true, endedSessions: 1 } },
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/hush-hush|prt_|pat_|eyJ/);
  });

  it('hold nothing that a client made up in the place of an id, and are not written of everyday talk', async () => {
    const { ada, chat } = await groupChat(node);

    const made = await auditOf(() => ada.ask(SetUserRoleDocument, { userId: 'hush hush', role: 'ADMIN' as never }));
    const talk = await auditOf(() => ada.send(chat, 'hush hush'));

    expect(made).toMatchObject([{ about: { userId: 'unknown' }, outcome: 'NotFoundError' }]);
    expect(talk).toEqual([]);
  });
});

describe('A slow operation', () => {
  const slow = ownNode({ slowMs: 1, metricsPort: 0 });
  const unwatched = ownNode({ slowMs: 0, metricsPort: 0 });

  it('has a line with its name and fields, over every transport; none has where SLOW_MS is more, or 0', async () => {
    // A password is slow to check, by design.
    const query = `mutation ${'Long'.repeat(16)}er { logIn(input: { username: "nobody", password: "none" }) { __typename } }`;
    for (const at of [slow, unwatched, node]) {
      const ada = await newPerson(at);
      for (const transport of transports) await ada.tell(transport, query);
    }

    const lines = slow.log.filter(({ msg, operation }) => msg === 'Slow' && operation !== 'Register');
    expect(lines.map(({ transport }) => transport)).toEqual([...transports]);
    for (const line of lines)
      expect(line).toMatchObject({
        level: 'warn',
        operation: 'Long'.repeat(16),
        fields: ['logIn'],
        milliseconds: expect.any(Number) as number,
        requestId: expect.any(String) as string,
      });
    for (const { log } of [unwatched, node]) expect(log.filter(({ msg }) => msg === 'Slow')).toEqual([]);
  });

  it('is counted', async () => {
    await newPerson(slow);

    const count = async (of: TestNode) => valueOf(await scrape(of), 'parley_slow_operations_total');
    expect(await count(slow)).toBeGreaterThan(0);
    expect(await count(slow)).toBe(slow.log.filter(({ msg }) => msg === 'Slow').length);
    expect(await count(unwatched)).toBe(0);
  });

  it('is a subscription only where it was slow to begin', async () => {
    const { boris, chat } = await groupChat(slow);
    const following = await boris.follow(chat);
    await following.event('ChatReady');
    const before = slow.log.filter(({ msg }) => msg === 'Slow').length;

    await following.socket!.close();
    await expect.poll(() => slow.log.some(({ msg }) => msg === 'Subscription over')).toBe(true);

    expect(slow.log.filter(({ msg }) => msg === 'Slow')).toHaveLength(before);
  });
});
