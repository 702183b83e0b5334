import { WebSocket } from 'ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ChatEventsDocument, SendMessageDocument, ViewerDocument } from '../support/generated/operations.js';
import { ownNode } from '../support/node.js';
import { groupChat, newPerson } from '../support/people.js';
import { openSocket } from '../support/socket.js';

const node = ownNode();
const KB = 1024;

const anonymous = async () => {
  const socket = await openSocket(node.socketUrl);
  onTestFinished(async () => void (await socket.close()));
  return socket;
};

const sizedFrame = (length: number) => {
  const frame = (x: string) =>
    JSON.stringify({ id: 'sized', type: 'subscribe', payload: { query: '{ __typename }', variables: { x } } });
  return frame('x'.repeat(length - frame('').length));
};

describe('a frame', () => {
  it('of 256 KB is taken', async () => {
    const socket = await anonymous();

    socket.send(sizedFrame(256 * KB));

    await expect.poll(() => socket.messages.at(-1)).toEqual({ id: 'sized', type: 'complete' });
  });

  it('that is longer closes its socket with 1009, and nothing is lost on others', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const following = await boris.follow(chat);
    await following.event('ChatReady');
    const socket = await anonymous();

    socket.send(sizedFrame(256 * KB + 1));
    const answer = await ada.send(chat, 'hello');

    expect((await socket.closed).code).toBe(1009);
    expect(answer.__typename).toBe('SendMessageSuccess');
    expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'hello' } });
  });

  it('S2.14 that is no JSON, or not of the protocol, closes its socket with 4400', async () => {
    for (const frame of ['{"type": ', '{}', '{"type": "dance"}', '{"id": 1, "type": "subscribe"}', 'null']) {
      const socket = await anonymous();
      socket.send(frame);
      expect((await socket.closed).code, frame).toBe(4400);
    }
  });

  it('that is no text closes its socket', async () => {
    const [binary, noText] = [await anonymous(), await anonymous()];

    binary.send(Buffer.from('{"type": "ping"}'));
    noText.socket.send(Buffer.from([0xff, 0xfe]), { binary: false });

    expect((await binary.closed).code).toBe(1003);
    expect((await noText.closed).code).toBe(1007);
  });
});

describe('a socket', () => {
  it('is only opened at the endpoint', async () => {
    await expect(openSocket(node.url.replace('http', 'ws'))).rejects.toThrow('Unexpected server response: 404');
  });

  it('speaks graphql-transport-ws and nothing else', async () => {
    const other = new WebSocket(node.socketUrl, 'graphql-ws');
    const code = await new Promise((resolve) => other.on('close', resolve).on('error', () => undefined));
    expect(code).toBe(1006);
  });

  it('never compresses', async () => {
    const socket = await anonymous();
    expect(socket.socket.extensions).toBe('');
  });

  it('closes with 4401 where an operation comes before the connection was begun', async () => {
    const socket = await openSocket(node.socketUrl, { init: false });

    socket.open('{ __typename }');

    expect((await socket.closed).code).toBe(4401);
  });

  it('closes with 4429 where the connection is begun twice, and 4409 where an id is used twice at once', async () => {
    const { ada, chat } = await groupChat(node);
    const [twice, sameId] = [await anonymous(), await ada.connect()];
    const payload = { query: `subscription { typingChanged(chatId: "${chat.id}") { isTyping } }` };

    twice.send({ type: 'connection_init' });
    sameId.send({ id: '1', type: 'subscribe', payload });
    sameId.send({ id: '1', type: 'subscribe', payload });

    expect((await twice.closed).code).toBe(4429);
    expect((await sameId.closed).code).toBe(4409);
  });

  it("answers the protocol's ping", async () => {
    const socket = await anonymous();

    socket.send({ type: 'ping', payload: { any: 'thing' } });

    await expect.poll(() => socket.messages.at(-1)).toEqual({ type: 'pong', payload: { any: 'thing' } });
  });

  it('stays open through operations that fail, and answers the next', async () => {
    const socket = await anonymous();

    const answers = [
      await socket.ask('{'),
      await socket.ask('{ nothing }'),
      await socket.ask('query A { __typename } query B { __typename }'),
      await socket.ask('query ($x: Int!) { __typename viewer @include(if: true) { id } node(id: $x) { id } }', {
        x: 'x',
      }),
      await socket.ask('query ($id: ID!) { node(id: $id) { id } }', { id: {} }),
      await socket.ask('subscription { typingChanged(chatId: "x") { isTyping } }'),
    ];

    expect(answers.map(({ errors }) => errors?.[0]?.extensions?.code)).toEqual([
      'GRAPHQL_PARSE_FAILED',
      'GRAPHQL_VALIDATION_FAILED',
      'BAD_USER_INPUT',
      'GRAPHQL_VALIDATION_FAILED',
      'BAD_USER_INPUT',
      'UNAUTHENTICATED',
    ]);
    expect(await socket.ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  });

  it('runs so many operations at once and no more, and says so', async () => {
    const { ada, chat } = await groupChat(node);
    const socket = await ada.connect();
    const query = `subscription { typingChanged(chatId: "${chat.id}") { isTyping } }`;

    for (let count = 0; count < 1000; count++) socket.open(query);
    const oneMore = await socket.open(query).next();

    expect(oneMore.errors).toMatchObject([{ extensions: { code: 'TOO_COMPLEX' } }]);
  });

  it('closes where an operation id is so long that answers would be mostly that', async () => {
    const socket = await anonymous();

    socket.send({ id: 'x'.repeat(257), type: 'subscribe', payload: { query: '{ __typename }' } });

    expect((await socket.closed).code).toBe(4400);
  });
});

describe('S2.1 a token over a socket', () => {
  it('is taken from connectionParams, in either spelling, and from the upgrade request', async () => {
    const { session } = await newPerson(node);
    const value = `Bearer ${session.accessToken}`;

    for (const options of [
      { connectionParams: { authorization: value } },
      { connectionParams: { Authorization: value } },
      { headers: { authorization: value } },
    ]) {
      const socket = await openSocket(node.socketUrl, options);
      expect((await socket.ask(ViewerDocument)).data?.viewer?.id).toBe(session.user.id);
      await socket.close();
    }
  });

  it('in connectionParams counts more than the one in the header', async () => {
    const [one, other] = [await newPerson(node), await newPerson(node)];
    const headers = { authorization: `Bearer ${other.session.accessToken}` };

    const socket = await openSocket(node.socketUrl, { token: one.session.accessToken, headers });
    onTestFinished(async () => void (await socket.close()));

    expect((await socket.ask(ViewerDocument)).data?.viewer?.id).toBe(one.id);
  });

  it('that is missing means nobody', async () => {
    const socket = await anonymous();

    expect(await socket.ask(ViewerDocument)).toEqual({ data: { viewer: null } });
  });

  it.each([
    ['malformed', { authorization: 'Bearer x' }],
    ['of another scheme', { authorization: 'Basic YTpi' }],
    ['no text', { authorization: 7 }],
  ])('S2.12 that is %s closes it with 4403', async (_what, connectionParams) => {
    const socket = await openSocket(node.socketUrl, { connectionParams });

    expect((await socket.closed).code).toBe(4403);
    expect(socket.messages).toEqual([]);
  });
});

it('S3.33 what is sent over a socket comes back over it as an event, once', async () => {
  const { ada, chat } = await groupChat(node);
  const socket = await ada.connect();
  const live = socket.open(ChatEventsDocument, { chatId: chat.id });
  expect((await live.next()).data?.chatEvents.__typename).toBe('ChatReady');

  const sent = await socket.ask(SendMessageDocument, { input: { chatId: chat.id, text: 'hello' } });

  expect(sent.data?.sendMessage).toMatchObject({ __typename: 'SendMessageSuccess', message: { seq: 1 } });
  expect((await live.next()).data?.chatEvents).toMatchObject({ __typename: 'MessageSent', seq: 1 });
});
