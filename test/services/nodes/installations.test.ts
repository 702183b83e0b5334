/** Two installations on one Redis with the same TOKEN_SECRET, as where staging is a copy of production with its settings. */
import { expect, it, onTestFinished } from 'vitest';
import { dump, restoreOver } from '../../faults/restores.js';
import { testDatabase } from '../../support/database.js';
import { SetTypingDocument } from '../../support/generated/operations.js';
import { ownNodes } from '../../support/nodes.js';
import { groupChat } from '../../support/people.js';

const nodes = ownNodes({ settings: { CHAT_CONNECTIONS_PER_USER: '1', MESSAGES_PER_MINUTE: '2' } });

/** A node on a database that was restored from a dump of theirs, with all of their other settings. */
const aCopy = async () => {
  const { config, drop } = await testDatabase();
  onTestFinished(drop);
  const { folder } = await dump(nodes.environment.DATABASE_URL!);
  await restoreOver({ folder, variables: { DATABASE_URL: config.databaseUrl! } });
  const node = await nodes.another({ DATABASE_URL: config.databaseUrl! });
  onTestFinished(() => node.stop());
  return node;
};

it('a restored copy throws nobody out, is not heard, and counts for itself', async () => {
  const { ada, boris, chat } = await groupChat(nodes.one);
  const following = await ada.follow(chat);
  await following.event('ChatReady');
  const copy = await aCopy();

  const inCopy = await ada.at(copy).follow(chat);
  await inCopy.event('ChatReady');
  await boris.at(copy).ask(SetTypingDocument, { chatId: chat.id, isTyping: true });
  await inCopy.event('TypingChanged');
  for (const text of ['one', 'two'])
    expect((await boris.at(copy).send(chat, text)).__typename).toBe('SendMessageSuccess');
  await inCopy.event('MessageSent');
  for (const text of ['first', 'second'])
    expect((await boris.at(nodes.other).send(chat, text)).__typename).toBe('SendMessageSuccess');

  expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'first' } });
  expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'second' } });
  expect(following.events.map(({ __typename }) => __typename)).toEqual(['ChatReady', 'MessageSent', 'MessageSent']);
  expect((await boris.send(chat, 'third')).__typename).toBe('RateLimitedError');
  // The fingerprint of the secret came along, and is that of the copy's.
  expect(copy.log.filter(({ level }) => level === 'warn')).toEqual([]);
}, 120_000);
