/** Blocks, as people see them. */
import { beforeAll, describe, expect, it } from 'vitest';
import {
  BlockedUsersDocument,
  BlockUserDocument,
  OpenDirectChatDocument,
  SetTypingDocument,
  UnblockUserDocument,
} from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { directChat, newPerson, type Person } from '../support/people.js';

const node = ownNode();

let [ada, boris]: Person[] = [];
beforeAll(async () => {
  [ada, boris] = [await newPerson(node, 'ada'), await newPerson(node, 'boris')];
});

const REFUSED = { __typename: 'ForbiddenError', reason: 'Messages between you two are not possible' };

describe('A block', () => {
  it('T46 stops messages both ways, and is told to nobody but who made it', async () => {
    const chat = await directChat(ada!, boris!);
    const following = await boris!.follow(chat);
    await following.event('ChatReady');

    const { blockUser } = await ada!.ask(BlockUserDocument, { userId: boris!.id });
    expect(blockUser).toEqual({ __typename: 'BlockUserSuccess', user: { id: boris!.id, isBlocked: true } });
    for (const person of [ada!, boris!]) {
      expect(await person.send(chat, 'Hello?')).toMatchObject(REFUSED);
      const { setTyping } = await person.ask(SetTypingDocument, { chatId: chat.id, isTyping: true });
      expect(setTyping).toMatchObject(REFUSED);
      const userId = person === ada ? boris!.id : ada!.id;
      const { openDirectChat } = await person.ask(OpenDirectChatDocument, { userId });
      expect(openDirectChat).toMatchObject(REFUSED);
    }
    expect((await ada!.ask(BlockedUsersDocument)).blockedUsers!.nodes).toMatchObject([
      { id: boris!.id, isBlocked: true },
    ]);
    expect((await boris!.ask(BlockedUsersDocument)).blockedUsers!.nodes).toEqual([]);
    const seen = await boris!.ask<{ user: object }, object>('query ($id: ID!) { user(id: $id) { isBlocked } }', {
      id: ada!.id,
    });
    expect(seen).toEqual({ user: { isBlocked: false } });

    await ada!.ask(UnblockUserDocument, { userId: boris!.id });
    await ada!.send(chat, 'Hello again');
    const next = await following.event('MessageSent');
    expect(next).toMatchObject({ message: { seq: 1, text: 'Hello again' } });
  });

  it('T46 is not of oneself, nor of who is not there', async () => {
    expect((await ada!.ask(BlockUserDocument, { userId: ada!.id })).blockUser).toMatchObject({
      __typename: 'InvalidInputError',
    });
    for (const userId of ['nobody', 'VXNlcjo5OTk5OTk=']) {
      expect((await ada!.ask(BlockUserDocument, { userId })).blockUser).toMatchObject({ __typename: 'NotFoundError' });
      expect((await ada!.ask(UnblockUserDocument, { userId })).unblockUser).toMatchObject({
        __typename: 'NotFoundError',
      });
    }
  });
});
