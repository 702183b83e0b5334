/** What people write is kept exactly as they sent it, and what is too much is refused without harm to anybody else. */
import { beforeAll, describe, expect, it } from 'vitest';
import { EditMessageDocument, HistoryDocument, SendMessageDocument } from '../support/generated/operations.js';
import { bearer, post, postBody } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { groupChat, groupOf, headSeq, newPerson, say, transports } from '../support/people.js';
import { sentSeqs, sentTexts } from '../support/sent.js';

const node = ownNode();

let scene: Awaited<ReturnType<typeof groupChat>>;
beforeAll(async () => {
  scene = await groupChat(node);
});

const texts: [string, string][] = [
  ['white space around it', '  \t two spaces, a tab \r\n'],
  ['lines of each kind', 'CRLF\r\nLF\nCR\rNEL\u0085LS\u2028PS\u2029'],
  ['letters of many scripts', 'Привет, γειά, שלום, مرحبا, नमस्ते, 你好, こんにちは, 안녕'],
  ['right-to-left marks', '\u202bשלום (hello)\u202c \u200f!\u2067مرحبا\u2069'],
  ['emoji and their joiners', '👩‍👩‍👧‍👦 👍🏽 🏳️‍🌈 🇺🇦 ☺︎ ❤️'],
  ['letters beside their accents, not normalised', 'e\u0301 é \u212b Å ﬁ ½'],
  ['invisible characters', '\u200b\u200d\u2060\ufeffx\u00ad'],
  ['a byte order mark in front', '\ufeffhello'],
  ['byte order marks alone beside a letter', '\ufeff\ufeffя\ufeff'],
  ['control characters', 'bell\u0007 escape\u001b[31m delete\u007f start\u0001'],
  ['code of every kind', `<script>alert("1")</script> '; DROP TABLE message; -- \${x} {{x}} %s \\0 \\u0000 &amp;`],
  ['noncharacters and private use', '\uffff\u{10ffff}\ue000\u{1fffe}'],
  ['1,000 characters of one byte', 'x'.repeat(1000)],
  ['1,000 characters of four bytes', '😀'.repeat(1000)],
  ['1,000 characters of three bytes, in pairs that look like one', 'ก\u0e49'.repeat(500)],
];

describe.each(transports)('over %s', (transport) => {
  it.each(texts)(
    // S2.22 C1 S4.5
    'keeps %s exactly as sent: in the answer, in the history and live',
    async (_what, text) => {
      const { ada, boris, chat } = scene;
      const following = await boris.follow(chat, { over: transport === 'ws' ? 'ws' : 'sse' });
      await following.event('ChatReady');

      const { data } = await ada.tell(transport, SendMessageDocument, { input: { chatId: chat.id, text } });

      expect(data?.sendMessage).toMatchObject({ __typename: 'SendMessageSuccess', message: { text } });
      expect((await following.event('MessageSent')).message.text).toBe(text);
      const history = await boris.tell(transport, HistoryDocument, { chatId: chat.id, last: 1 });
      expect(history.data?.chat?.messages.nodes[0]?.text).toBe(text);
    },
  );

  it('keeps an edited text exactly as well', async () => {
    const { ada, chat } = scene;
    const text = ' edited:\t👩‍👩‍👧‍👦\r\n';
    const message = await say(ada, chat, 'first');

    const { data } = await ada.tell(transport, EditMessageDocument, { messageId: message.id, text });

    expect(data?.editMessage).toMatchObject({ message: { text, isEdited: true } });
  });
});

describe('C1 a text that is more than empty', () => {
  it.each(['.', 'a\u200b', '\u2060a', '❤\ufe0f', '👩\u200d🚀', '\u0301', '\u0001a'])('is %j', async (text) => {
    const { ada, chat } = scene;

    expect(await ada.send(chat, text)).toMatchObject({ __typename: 'SendMessageSuccess', message: { text } });
  });
});

describe('what is too large', () => {
  const KB = 1024;
  /** A request of exactly so many bytes that is well-formed. */
  const requestOf = (bytes: number, message: (query: string) => object) => {
    const empty = JSON.stringify(message('{ viewer { id } }'));
    return JSON.stringify(message(`{ viewer { id } }${' '.repeat(bytes - empty.length)}`));
  };
  const body = (query: string) => ({ query });
  const frame = (query: string) => ({ id: '1', type: 'subscribe', payload: { query } });

  it('takes nothing from other sockets', async () => {
    const { root, boris } = scene;
    const talker = await newPerson(node, 'talker');
    const chat = await groupOf(root, talker, boris);
    const others = await boris.follow(chat);
    const streaming = await boris.follow(chat, { over: 'sse' });
    const socket = await talker.connect();
    await Promise.all([others.event('ChatReady'), streaming.event('ChatReady')]);

    const attacks = Array.from({ length: 5 }, async () => {
      const large = await talker.connect();
      large.send(requestOf(300 * KB, frame));
      return (await large.closed).code;
    });
    const bodies = Array.from(
      { length: 5 },
      async () => (await postBody(node.endpoint, requestOf(300 * KB, body), bearer(talker.session.accessToken))).status,
    );
    for (let number = 1; number <= 20; number++) {
      const input = { chatId: chat.id, text: `text ${number}` };
      await socket.ask(SendMessageDocument, { input });
    }
    await socket.ask(SendMessageDocument, { input: { chatId: chat.id, text: 'the last' } });
    for (const following of [others, streaming])
      while ((await following.event('MessageSent')).message.text !== 'the last');

    expect(await Promise.all(attacks)).toEqual(Array(5).fill(1009));
    expect(await Promise.all(bodies)).toEqual(Array(5).fill(413));
    for (const following of [others, streaming]) {
      expect(sentSeqs(following)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
      expect(sentTexts(following).at(-1)).toBe('the last');
    }
  });

  it('S2.22 is a text of 200,000 characters, which is told how long it is', async () => {
    const { ada, chat } = scene;
    const before = await headSeq(ada, chat);

    const { data } = await post(
      node.endpoint,
      SendMessageDocument,
      { input: { chatId: chat.id, text: 'x'.repeat(200_000) } },
      { token: ada.session.accessToken },
    );

    expect(data?.sendMessage).toMatchObject({ __typename: 'TextTooLongError', length: 200_000, maxLength: 1000 });
    expect(await headSeq(ada, chat)).toBe(before);
  });
});
