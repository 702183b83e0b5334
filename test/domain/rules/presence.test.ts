import { expect, it } from 'vitest';
import { NotJoinedError } from '../../../src/domain/errors.js';
import { createAsPresent } from '../../../src/domain/rules/presence.js';

/** A node on which nobody is present, beside others on which all are or nobody is. */
const aNode = ({ isPresentElsewhere = false } = {}) => {
  const asked: bigint[] = [];
  const asPresent = createAsPresent({
    isPresentHere: () => false,
    isPresent: (_userId, chatId) => {
      asked.push(chatId);
      return Promise.resolve(isPresentElsewhere);
    },
  });
  return { asked, asPresent };
};

/** Work in a chat that needs presence, and what it was told each time. */
const work = () => {
  const told: boolean[] = [];
  const run = (isPresent: boolean) => {
    told.push(isPresent);
    return isPresent ? Promise.resolve('done') : Promise.reject(new NotJoinedError());
  };
  return { told, run };
};

it('asks the other nodes about nobody where the chat does not need presence', async () => {
  const { asked, asPresent } = aNode();

  const result = await asPresent(1n, 7n, () => Promise.resolve('done'));

  expect([result, asked]).toEqual(['done', []]);
});

it('runs once where the chat is known to need presence', async () => {
  const { asPresent } = aNode({ isPresentElsewhere: true });
  const [first, second] = [work(), work()];

  const results = [await asPresent(1n, 7n, first.run), await asPresent(2n, 7n, second.run)];

  expect(results).toEqual(['done', 'done']);
  expect([first.told, second.told]).toEqual([[false, true], [true]]);
});

it('refuses whoever is present nowhere, once and again', async () => {
  const { asked, asPresent } = aNode();

  for (const { run } of [work(), work()]) {
    await expect(asPresent(1n, 7n, run)).rejects.toBeInstanceOf(NotJoinedError);
  }

  expect(asked).toEqual([7n, 7n]);
});
