/** What the doorbell saves: with Redis healthy nothing that it brings is read back. */
import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { createRedisBus } from '../../../src/bus/redis.js';
import type { Follower } from '../../../src/log/tail.js';
import { aChat, aUser, logNode, seqOf } from '../../support/log.js';
import { ownDatabase } from '../../support/own-database.js';
import { upTo } from '../../support/sent.js';

const database = ownDatabase();

it('1,000 sends on two nodes cost all followers together less than fifty reads', async () => {
  const ada = await aUser(database.current);
  const prefix = randomUUID();
  const nodes = await Promise.all(
    upTo(2).map(async () => {
      const bus = createRedisBus({ url: process.env.REDIS_URL!, prefix });
      onTestFinished(() => bus.close());
      // Without looks: what is counted is read because the bell did not bring it within 100 ms.
      return logNode(database.current, { bus, intervalMs: 1_000_000 });
    }),
  );
  const chats = await Promise.all(upTo(4).map(() => aChat(database.current, [ada])));
  const heard = nodes.map(() => new Map<bigint, number[]>(chats.map((chatId) => [chatId, []])));
  for (const [n, { tail }] of nodes.entries()) {
    const follower: Follower = {
      viewerId: 0n,
      onEvents: (chatId, events) => void heard[n]!.get(chatId)!.push(...events.map(({ seq }) => seq)),
      onEphemeral: () => undefined,
      onReset: () => undefined,
    };
    await tail.follow(chats, follower);
  }

  let left = 1000;
  const talk = async (n: number) => {
    while (left > 0) {
      left -= 1;
      const message = {
        senderId: ada.id,
        text: 'text',
        clientMessageId: null,
        words: '',
        isWithinLimit: true,
        isPresent: false,
      };
      seqOf(await nodes[n % 2]!.log.send({ chatId: chats[left % 4]!, ...message }));
    }
  };
  await Promise.all(upTo(8).map(talk));

  for (const own of heard)
    await expect.poll(() => [...own.values()].map((seqs) => seqs.length)).toEqual([250, 250, 250, 250]);
  for (const own of heard) for (const seqs of own.values()) expect(seqs).toEqual(upTo(250));
  expect(nodes.reduce((sum, { tail }) => sum + tail.gapReads(), 0)).toBeLessThan(50);
});
