import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeGlobalId,
  decodeMemberId,
  decodeMessageId,
  decodeNotificationId,
  decodeRowId,
  encodeGlobalId,
  memberKeyText,
  messageKeyText,
  notificationKeyText,
} from '../../src/graphql/global-id.js';

const rowIds = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n });
const seqs = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What decoders of one type make of an id. */
const decodeAll = (id: string) => [
  decodeRowId('User', id),
  decodeRowId('Chat', id),
  decodeMessageId(id),
  decodeMemberId(id),
  decodeNotificationId(id, 7n),
];

describe('global ids', () => {
  it('come back as the row they were made from, and as no other type', () => {
    fc.assert(
      fc.property(rowIds, rowIds, seqs, (one, other, seq) => {
        const message = { chatId: one, seq };
        const member = { chatId: one, userId: other };

        expect(decodeAll(encodeGlobalId('User', one))).toEqual([one, null, null, null, null]);
        expect(decodeAll(encodeGlobalId('Chat', one))).toEqual([null, one, null, null, null]);
        expect(decodeAll(encodeGlobalId('Message', messageKeyText(message)))).toEqual([
          null,
          null,
          message,
          null,
          null,
        ]);
        expect(decodeAll(encodeGlobalId('ChatMember', memberKeyText(member)))).toEqual([
          null,
          null,
          null,
          member,
          null,
        ]);
      }),
    );
  });

  it('name a notification for its owner only', () => {
    const id = encodeGlobalId('Notification', notificationKeyText({ userId: 7n, id: 'm12' }));

    expect(decodeNotificationId(id, 7n)).toBe('m12');
    expect(decodeNotificationId(id, 77n)).toBeNull();
    expect(decodeNotificationId(id, 1n)).toBeNull();
  });

  it('have one spelling: any text that decodes is what the encoder gives', () => {
    const almost = fc
      .tuple(fc.constantFrom('User', 'Chat', 'Message', 'user', ''), fc.string())
      .map(([type, key]) => base64(`${type}:${key}`));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), almost), (text) => {
        const decoded = decodeGlobalId(text);
        if (decoded !== null) expect(encodeGlobalId(decoded.type, decoded.key)).toBe(text);
        const userId = decodeRowId('User', text);
        if (userId !== null) expect(encodeGlobalId('User', userId)).toBe(text);
      }),
    );
  });

  it.each([
    ['nothing', ''],
    ['no base64', 'User:7'],
    ['a plain number', '7'],
    ['zero', base64('User:0')],
    ['a negative number', base64('User:-7')],
    ['a leading zero', base64('User:07')],
    ['white space', base64('User: 7')],
    ['other digits', base64('User:٧')],
    ['an exponent', base64('User:1e3')],
    ['a fraction', base64('User:7.0')],
    ['a further part', base64('User:7:1')],
    ['beyond 2^63 - 1', base64('User:9223372036854775808')],
    ['missing padding', base64('User:77').replace(/=+$/, '')],
    ['the URL alphabet', Buffer.from('User:>>>').toString('base64url')],
    ['no UTF-8', Buffer.from([0xff, 0xfe, 0x3a, 0x37]).toString('base64')],
    ['far too long', base64(`User:${'7'.repeat(10_000)}`)],
    ['a message of no chat', base64('Message:7')],
    ['a message beyond 2^31 - 1', base64('Message:7:2147483648')],
    ['a message with three parts', base64('Message:7:1:1')],
  ])('refuse %s', (_what, id) => {
    expect(decodeAll(id)).toEqual([null, null, null, null, null]);
  });

  it('take the largest', () => {
    expect(decodeRowId('Chat', base64('Chat:9223372036854775807'))).toBe(2n ** 63n - 1n);
    expect(decodeMessageId(base64('Message:7:2147483647'))).toEqual({ chatId: 7n, seq: 2 ** 31 - 1 });
  });
});
