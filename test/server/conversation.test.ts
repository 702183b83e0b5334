import { describe, expect, it } from 'vitest';
import { ownNode } from '../support/node.js';
import { groupChat, headSeq } from '../support/people.js';

const node = ownNode();

describe('a conversation', () => {
  it.each(['ws', 'sse'] as const)(
    'reaches everyone in the chat, the sender included, once and in order, over %s',
    async (over) => {
      const { ada, boris, chat } = await groupChat(node);
      const [atAda, atBoris] = await Promise.all([ada.follow(chat, { over }), boris.follow(chat, { over })]);
      await Promise.all([atAda.event('ChatReady'), atBoris.event('ChatReady')]);

      for (const text of ['one', 'two', 'three']) await ada.send(chat, text);

      for (const following of [atAda, atBoris]) {
        for (const text of ['one', 'two', 'three']) {
          expect(await following.event('MessageSent')).toMatchObject({
            message: { text, sender: { username: ada.username } },
          });
        }
      }
    },
  );

  it('S2.22 refuses text over 1000 characters and takes no number', async () => {
    const { ada, chat } = await groupChat(node);

    const answer = await ada.send(chat, 'x'.repeat(1001));

    expect(answer).toMatchObject({ __typename: 'TextTooLongError', maxLength: 1000, length: 1001 });
    expect(await headSeq(ada, chat)).toBe(0);
  });
});
