/** Pictures of users and chats, as clients set and see them. */
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { createUpload, get, put } from '../support/files.js';
import { ownNode } from '../support/node.js';
import { administrator, groupOf, newPerson, type Person } from '../support/people.js';
import { noise } from '../support/pictures.js';

const node = ownNode();

const picture = async (person: Person, width = 400, height = 300) => {
  const bytes = await noise(width, height);
  const upload = await createUpload(person, { purpose: 'AVATAR', filename: 'me.jpg', byteSize: bytes.length });
  expect((await put(node, upload, bytes)).status).toBe(201);
  return upload.id;
};

const setAvatar = (person: Person, avatarUploadId: string | null) =>
  person.ask<
    { updateProfile: { __typename: string; fields?: unknown[]; user?: { avatarUrl: string | null } } },
    object
  >(
    `mutation ($avatarUploadId: ID) { updateProfile(input: { avatarUploadId: $avatarUploadId }) {
      __typename ... on UpdateProfileSuccess { user { avatarUrl } } ... on InvalidInputError { fields { path code } } } }`,
    { avatarUploadId },
  );

const avatarOf = async (asking: Person, person: Person, size?: number) =>
  (
    await asking.ask<{ user: { avatarUrl: string | null } }, object>(
      `query ($id: ID!, $size: Int) { user(id: $id) { avatarUrl(size: $size) } }`,
      { id: person.id, size },
    )
  ).user.avatarUrl;

it('T100 a user has a square picture, for everybody who has its link, which stays the same', async () => {
  const [ada, bob] = [await newPerson(node), await newPerson(node)];
  expect(await avatarOf(bob, ada)).toBeNull();

  const { updateProfile } = await setAvatar(ada, await picture(ada));

  const url = (await avatarOf(bob, ada))!;
  expect(updateProfile.user!.avatarUrl).toBe(url);
  expect(url).toMatch(/^\/avatars\/[0-9a-f]{64}\/128$/);
  const answer = await get(node, url);
  expect(Object.fromEntries(answer.headers)).toMatchObject({
    'content-type': 'image/webp',
    'cache-control': 'public, max-age=31536000, immutable',
    'x-content-type-options': 'nosniff',
  });
  expect(await sharp(Buffer.from(await answer.arrayBuffer())).metadata()).toMatchObject({ width: 128, height: 128 });
  expect([await avatarOf(bob, ada, 1), await avatarOf(bob, ada, 65), await avatarOf(bob, ada, 9999)]).toEqual(
    [64, 128, 640].map((size) => url.replace('/128', `/${size}`)),
  );
  expect((await get(node, url.replace('/128', '/640'))).status).toBe(200);
  for (const path of ['/129', '', '/128/1']) expect((await get(node, url.replace('/128', path))).status).toBe(404);
});

it('T100 a message shows the picture of its sender as it is now', async () => {
  const [ada, bob] = [await newPerson(node), await newPerson(node)];
  await setAvatar(ada, await picture(ada));
  const document = `mutation ($userId: ID!) { openDirectChat(input: { userId: $userId }) { ... on OpenDirectChatSuccess { chat { id } } } }`;
  const opened = await ada.ask<{ openDirectChat: { chat: { id: string } } }, object>(document, { userId: bob.id });
  const chatId = opened.openDirectChat.chat.id;

  const { data } = await ada.tell<{ sendMessage: { message: { sender: object } } }, object>(
    'http',
    `mutation ($chatId: ID!) { sendMessage(input: { chatId: $chatId, text: "Hi" }) {
      ... on SendMessageSuccess { message { sender { avatarUrl } } } } }`,
    { chatId },
  );
  const read = () =>
    bob.ask<{ chat: { messages: { nodes: { sender: object }[] } } }, object>(
      `query ($id: ID!) { chat(id: $id) { messages { nodes { sender { avatarUrl } } } } }`,
      { id: chatId },
    );

  const url = await avatarOf(bob, ada);
  expect(data!.sendMessage.message.sender).toEqual({ avatarUrl: url });
  expect((await read()).chat.messages.nodes[0]!.sender).toEqual({ avatarUrl: url });
  await setAvatar(ada, null);
  expect((await read()).chat.messages.nodes[0]!.sender).toEqual({ avatarUrl: null });
  expect((await get(node, url!)).status, 'nobody has it any longer').toBe(404);
});

it('T101 takes one’s own upload for an avatar, and no other', async () => {
  const [ada, bob] = [await newPerson(node), await newPerson(node)];
  const own = await picture(ada);
  const bytes = await noise(50, 50);
  const attachment = await createUpload(ada, { byteSize: bytes.length });
  await put(node, attachment, bytes);
  const announced = await createUpload(ada, { purpose: 'AVATAR', byteSize: 10 });

  await setAvatar(ada, own);
  const url = await avatarOf(bob, ada);
  for (const [person, id] of [
    [ada, attachment.id],
    [ada, announced.id],
    [ada, 'nonsense'],
    [bob, own],
    [ada, await picture(bob)],
  ] as const)
    expect((await setAvatar(person, id)).updateProfile, id).toEqual({
      __typename: 'InvalidInputError',
      fields: [{ path: ['avatarUploadId'], code: 'NOT_FOUND' }],
    });
  expect((await setAvatar(ada, own)).updateProfile, 'again').toMatchObject({ user: { avatarUrl: url } });
  expect([await avatarOf(bob, ada), await avatarOf(ada, bob)]).toEqual([url, null]);
});

it('T101 an administrator gives pictures to users, each to one', async () => {
  const root = await administrator(node);
  const [ada, bob] = [await newPerson(node), await newPerson(node)];
  const [first, second] = [await picture(root), await picture(root)];
  const upsert = async (...users: object[]) =>
    (
      await root.ask<{ upsertUsers: { users: object[]; refused: object[] } }, object>(
        `mutation ($users: [UserUpsert!]!) { upsertUsers(input: { users: $users }) {
          ... on UpsertUsersSuccess { users { username avatarUrl } refused { index fields { path code } } } } }`,
        { users },
      )
    ).upsertUsers;
  const refusal = (index: number) => ({ index, fields: [{ path: ['avatarUploadId'], code: 'NOT_FOUND' }] });

  const answer = await upsert(
    { id: ada.id, avatarUploadId: first },
    { id: bob.id, avatarUploadId: first },
    { externalId: 'new', avatarUploadId: second },
  );

  expect(answer.refused).toEqual([refusal(1)]);
  expect(answer.users).toMatchObject([
    { avatarUrl: await avatarOf(bob, ada) },
    { avatarUrl: expect.stringMatching(/^\/avatars\//) as string },
  ]);
  expect((await upsert({ id: ada.id, avatarUploadId: first })).refused, 'again').toEqual([]);
  expect((await upsert({ id: bob.id, avatarUploadId: first })).refused).toEqual([refusal(0)]);
  await upsert({ id: ada.id, avatarUploadId: null }, { id: bob.id });
  expect([await avatarOf(bob, ada), await avatarOf(ada, bob)]).toEqual([null, null]);
});

it('T104 a group has a picture, set by those who may rename it; who follows it is told', async () => {
  const [root, ada, bob] = [await administrator(node), await newPerson(node), await newPerson(node)];
  const chat = await groupOf(root, ada, bob);
  const setPicture = async (person: Person, avatarUploadId: string | null) =>
    (
      await person.ask<{ updateChat: { __typename: string; chat?: { avatarUrl: string | null } } }, object>(
        `mutation ($chatId: ID!, $avatarUploadId: ID) { updateChat(input: { chatId: $chatId, avatarUploadId: $avatarUploadId }) {
          __typename ... on UpdateChatSuccess { chat { avatarUrl } } } }`,
        { chatId: chat.id, avatarUploadId },
      )
    ).updateChat;
  const seenBy = async (person: Person) =>
    (
      await person.ask<{ chat: { avatarUrl: string | null } | null }, object>(
        `query ($id: ID!) { chat(id: $id) { avatarUrl(size: 300) } }`,
        { id: chat.id },
      )
    ).chat;
  const events = await bob.follow(chat);
  await events.event('ChatReady');

  expect((await setPicture(ada, await picture(ada))).__typename).toBe('ForbiddenError');
  expect((await setPicture(root, await picture(ada))).__typename).toBe('InvalidInputError');
  const own = await picture(root);
  const set = await setPicture(root, own);
  await events.event('ChatUpdated');

  const url = (await seenBy(ada))!.avatarUrl!;
  expect([set.chat!.avatarUrl, url]).toEqual([url.replace('/320', '/128'), expect.stringMatching(/\/320$/)]);
  expect((await get(node, url)).status).toBe(200);
  expect(await seenBy(await newPerson(node))).toBeNull();
  await setPicture(root, own);
  await setPicture(root, null);
  const { seq } = await events.event('ChatUpdated');
  expect([seq, (await seenBy(ada))!.avatarUrl], 'the same again is no event').toEqual([2, null]);
});
