/** Messages that came without their words get them in the background. */
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { fillWords, startFilling } from '../../../src/domain/search/filling.js';
import { chatNode, newPerson } from '../../support/chats.js';
import { ownDatabase } from '../../support/own-database.js';
import { changeAsBefore, fillAll, forgetAllWords, sendAsBefore, textsFound } from '../../support/search.js';

const database = ownDatabase();

const scene = async () => {
  const node = await chatNode(database.current);
  const [ada, boris] = [await newPerson(node.db), await newPerson(node.db)];
  const { chat } = await node.group(ada, boris);
  const indexedFrom = async () => (await node.messageSearch.search(ada, { query: 'word' }))!.indexedFrom;
  return { node, ada, boris, chat, indexedFrom, find: (query: string) => textsFound(node, ada, query) };
};

/** A history from before there was a search: `word 1` is the oldest, sent a day before the next. */
const withHistory = async (messages: number) => {
  const here = await scene();
  const { node, ada, chat } = here;
  await node.db.query(
    `INSERT INTO message (chat_id, seq, ordinal, sender_id, text, text_hash, created_at, changed_seq)
     SELECT $1::bigint, n, n, $2::bigint, 'word ' || n, '', '2020-01-01'::timestamptz + n * interval '1 day', n FROM generate_series(1, $3::int) AS n`,
    [chat.id, ada.id, messages],
  );
  await node.db.query(
    `INSERT INTO event (chat_id, seq, mark, type, actor_id) SELECT $1::bigint, n, 0, 'MESSAGE_SENT', $2::bigint FROM generate_series(1, $3::int) AS n`,
    [chat.id, ada.id, messages],
  );
  await node.db.query('UPDATE chat SET head_seq = $2, message_count = $2, head_mark = 0 WHERE id = $1', [
    chat.id,
    messages,
  ]);
  return here;
};

const day = (number: number) => new Date(Date.UTC(2020, 0, 1 + number));

beforeEach(() => forgetAllWords(database.current));

describe('filling', () => {
  it('T64 finds older messages once they are indexed, the newest first, and says how far that is', async () => {
    const { node, ada, find, indexedFrom } = await withHistory(600);
    const before = Date.now() - 1000;
    expect(await find('word')).toEqual([]);
    expect((await indexedFrom())!.getTime()).toBeGreaterThan(before);

    const steps = fillWords(node.db);
    while ((await find('word'))!.length === 0) await steps.next();

    // Half of them and more are still to come.
    expect(await indexedFrom()).toEqual(day(351));
    expect(await textsFound(node, ada, 'word 351')).toEqual(['word 351']);
    expect(await textsFound(node, ada, 'word 350')).toEqual([]);

    for await (const _count of steps);

    expect(await indexedFrom()).toBeNull();
    expect(await textsFound(node, ada, 'word 350')).toEqual(['word 350']);
    expect(await textsFound(node, ada, '"word 1"')).toEqual(['word 1']);
    expect(await fillAll(node.db)).toBe(0);
  });

  it('T64 goes on where it was stopped, and several that fill at once index each message once', async () => {
    const { node, chat, indexedFrom } = await withHistory(600);
    let first = 0;
    for await (const count of fillWords(node.db)) {
      first += count;
      if (count > 0) break;
    }

    const others = await Promise.all([fillAll(node.db), fillAll(node.db), fillAll(node.db)]);
    const rest = await fillAll(node.db);

    const [all] = await node.db.query<{ count: number }>('SELECT count(*)::int AS count FROM message');
    expect(first + others.reduce((one, other) => one + other) + rest).toBe(all!.count);
    expect(await indexedFrom()).toBeNull();
    expect(await node.db.query('SELECT FROM message_search WHERE chat_id = $1', [chat.id])).toHaveLength(600);
  });

  it('T64 begins with what was sent last, in whichever chat', async () => {
    const { node, ada, boris, find } = await withHistory(300);
    const { chat: other } = await node.group(ada, boris);
    await node.say(ada, other, 'a newer word');
    await forgetAllWords(node.db);
    const steps = fillWords(node.db);

    while (!(await find('word'))!.includes('a newer word')) await steps.next();

    expect(await find('"word 1"')).toEqual([]);
    await steps.return();
  });

  it('T65 finds what a node of a version without search sends, edits and deletes meanwhile', async () => {
    const { node, ada, chat, find, indexedFrom } = await scene();
    const [first, second] = [await node.say(ada, chat, 'first word'), await node.say(ada, chat, 'second word')];
    await fillAll(node.db);
    expect(await indexedFrom()).toBeNull();

    await changeAsBefore(node.db, chat.id, first, 'another thought');
    await changeAsBefore(node.db, chat.id, second, null);
    await sendAsBefore(node.db, chat.id, ada.id, 'third word');
    await node.say(ada, chat, 'fourth word');

    // Never by what is no longer there, even before the filling comes by.
    expect(await find('word')).toEqual(['fourth word']);
    expect(await find('first')).toEqual([]);
    expect(await indexedFrom()).not.toBeNull();

    await fillAll(node.db);

    expect(await find('word')).toEqual(['fourth word', 'third word']);
    expect(await find('thought')).toEqual(['another thought']);
    expect(await indexedFrom()).toBeNull();
    const rows = await node.db.query('SELECT seq FROM message_search WHERE chat_id = $1 ORDER BY seq', [chat.id]);
    expect(rows).toHaveLength(3);
  });

  it('T65 looks through the whole chat if the events that it has not seen were pruned', async () => {
    const { node, ada, chat, find } = await scene();
    const first = await node.say(ada, chat, 'first word');
    await node.say(ada, chat, 'second word');
    await fillAll(node.db);
    await changeAsBefore(node.db, chat.id, first, 'another thought');
    await sendAsBefore(node.db, chat.id, ada.id, 'third word');
    await node.db.query('DELETE FROM event WHERE chat_id = $1 AND seq < 4', [chat.id]);

    await fillAll(node.db);

    expect(await find('thought')).toEqual(['another thought']);
    expect(await find('word')).toEqual(['third word', 'second word']);
  });

  it('T64 leaves alone what was edited or deleted while it was indexed', async () => {
    const { node, ada, find, chat } = await withHistory(400);
    const key = (seq: number) => ({ chatId: chat.id, seq });
    const steps = fillWords(node.db);

    for (let seq = 400; !(await steps.next()).done; seq -= 45) {
      if (seq < 50) continue;
      await node.messages.edit(ada, key(seq), `edited ${seq}`);
      await node.messages.delete(ada, chat.id, [{ rawId: '', key: key(seq - 1) }]);
    }

    await fillAll(node.db);
    const [row] = await node.db.query<{ wrong: number }>(
      `SELECT count(*)::int AS wrong FROM message FULL JOIN message_search found USING (chat_id, created_at, seq) WHERE chat_id = $1
       AND ((deleted_at IS NULL) <> (found.seq IS NOT NULL) OR message.edited_at IS DISTINCT FROM found.edited_at AND deleted_at IS NULL
         OR found.words <> to_tsvector('russian', message.text))`,
      [chat.id],
    );
    expect(row).toEqual({ wrong: 0 });
    expect((await find('edited'))!.length).toBeGreaterThan(0);
  });

  it('T64 runs by itself while the node does, and stops with it', async () => {
    const { node, find } = await withHistory(300);
    const errors: unknown[] = [];
    const stop = startFilling(node.db, { onError: (error) => errors.push(error), passEveryMs: 20 });
    onTestFinished(stop);

    await vi.waitFor(async () => expect(await find('"word 1"')).toHaveLength(1), { timeout: 15_000 });
    await stop();

    expect(errors).toEqual([]);
  });
});
