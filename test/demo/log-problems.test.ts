/** The checks that tests of the log lean on: each has to find what it is there for. */
import { describe, expect, it } from 'vitest';
import { fillWithCrowd } from '../../src/demo/fill.js';
import { errorOf } from '../support/chats.js';
import { logProblems } from '../support/log-problems.js';
import { ownDatabase } from '../support/own-database.js';

const database = ownDatabase();
const some = (table: string, where = 'true') => `ctid = (SELECT min(ctid) FROM ${table} WHERE ${where})`;

const UNREAD_IN = `SELECT count(*) FROM message WHERE message.chat_id = member.chat_id AND seq > last_read_seq
  AND sender_id <> user_id AND deleted_at IS NULL`;

class Undo extends Error {}

describe('Looking for problems of the log', () => {
  it.each([
    [`UPDATE chat SET head_seq = head_seq + 1 WHERE ${some('chat')}`, 'the numbers of a chat run from 0 to its head'],
    [`DELETE FROM event WHERE ${some('event', 'seq = 5')}`, 'the numbers of a chat run from 0 to its head'],
    [`UPDATE chat SET head_mark = head_mark # 1 WHERE ${some('chat')}`, "the head's mark is its event's"],
    [`DELETE FROM message WHERE ${some('message')}`, 'each MESSAGE_SENT has its message, and each message that'],
    [`UPDATE message SET ordinal = ordinal + 1 WHERE ${some('message')}`, 'messages are counted by their ordinals'],
    [`UPDATE chat SET message_count = 0 WHERE ${some('chat')}`, 'messages are counted by their ordinals'],
    [`UPDATE chat SET activity_at = now() WHERE ${some('chat')}`, 'a chat was last active with its newest message'],
    [
      `UPDATE message SET changed_seq = 1 WHERE ${some('message', 'seq > 9')}`,
      'a message says by which event it changed last',
    ],
    [
      `UPDATE message SET deleted_at = now() WHERE ${some('message', 'text IS NOT NULL')}`,
      'what was edited or deleted says so',
    ],
    [
      `UPDATE message SET text = 'x' WHERE ${some('message', 'edited_at IS NULL AND text IS NOT NULL')}`,
      'the hash is that of the text',
    ],
    [
      `UPDATE member SET read_count = read_count - 1 WHERE ${some('member', 'read_count > 0')}`,
      'the counters of a member are what one counts',
    ],
    [
      `UPDATE member SET sent_count = sent_count + 1 WHERE ${some('member', `(${UNREAD_IN}) > 1`)}`,
      'what is unread is what one counts',
    ],
    [`UPDATE event SET created_at = now() WHERE ${some('event', 'seq = 1')}`, 'time goes forward'],
    [`UPDATE chat SET indexed_seq = head_seq`, 'what is indexed has its words'],
    [`DELETE FROM chat_key`, 'a dialog is found by its two members'],
  ])('finds what is wrong after %s', async (sql, promise) => {
    const db = database.current;
    if ((await db.query('SELECT FROM chat')).length === 0) {
      await fillWithCrowd(db, { users: 8, chats: 6, messages: 300, seed: 2, passwordHash: 'none' });
      expect(await logProblems(db)).toEqual([]);
    }

    let found: string[] = [];
    const spoilt = db.transaction(async (tx) => {
      await tx.query(sql);
      found = await logProblems(tx);
      throw new Undo();
    });

    expect(await errorOf(spoilt)).toBeInstanceOf(Undo);
    expect(found.join('\n')).toContain(promise);
  });
});
