import { describe, expect, it } from 'vitest';
import {
  LogOutDocument,
  RefreshSessionDocument,
  RegisterDocument,
  ViewerDocument,
} from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { startNode } from '../support/node.js';
import { groupChat, newPerson, passwordOf, signIn, transports } from '../support/people.js';
import { openSocket } from '../support/socket.js';

const anId: unknown = expect.any(String);

describe('S2.25 the log', () => {
  it('tells of connects, subscriptions, sends and what was refused, with the ids of request, user and socket', async () => {
    const node = await startNode({ messagesPerMinute: 1 });
    const { ada, boris, chat } = await groupChat(node);
    const outsider = await newPerson(node);
    const following = await boris.follow(chat);
    await following.event('ChatReady');

    await ada.send(chat, 'one');
    await ada.send(chat, 'two');
    await outsider.send(chat, 'three');
    await post(node.endpoint, '{ viewer { id } }', undefined, { token: 'x' });
    await (
      await openSocket(node.socketUrl, { token: 'x' })
    ).closed;
    await following.socket!.close();
    await node.stop();

    const lines = (msg: string) => node.log.filter((line) => line.msg === msg);
    const [connected] = lines('Connected');
    expect(connected).toMatchObject({ userId: anId, socketId: anId, address: '127.0.0.1' });
    const ids = { userId: connected!.userId, socketId: connected!.socketId };
    expect(lines('Subscribed')).toMatchObject([{ ...ids, requestId: anId, fields: ['chatEvents'] }]);
    expect(lines('Subscription over')).toMatchObject([{ ...ids, deliveries: 2 }]);
    expect(lines('Disconnected')).toContainEqual(expect.objectContaining({ ...ids, code: 1000 }));
    expect(lines('Sent')).toMatchObject([{ requestId: anId, userId: anId, seq: 1 }]);
    expect(lines('Refused')).toMatchObject([
      { mutation: 'sendMessage', outcome: 'RateLimitedError', requestId: anId },
      { mutation: 'sendMessage', outcome: 'NotFoundError', requestId: anId },
    ]);
    expect(lines('Authentication refused')).toMatchObject([
      { requestId: anId, address: '127.0.0.1' },
      { requestId: anId, socketId: anId, address: '127.0.0.1' },
    ]);
  });

  it('never holds a password, a token or what people write, whatever goes wrong with it', async () => {
    const node = await startNode({ messagesPerMinute: 5 });
    const { ada, boris, chat } = await groupChat(node);
    const secret = 'hush-hush';
    const literal = `mutation { sendMessage(input: { chatId: "${chat.id}", text: "${secret}" }) { __typename } }`;
    const wrong = [
      literal.replace('sendMessage', 'sendMessages'),
      literal.replace('text:', 'texts:'),
      literal.replace(`"${chat.id}"`, `{ id: "${secret}" }`),
      `${literal} ${secret}" {`,
      `mutation ($text: Int!) { sendMessage(input: { chatId: "", text: $text }) { __typename } }`,
      `mutation { logIn(input: { username: "${ada.username}", password: "${secret}" }) { __typename } }`,
      `mutation { refreshSession(input: { refreshToken: "${secret}" }) { __typename } }`,
      `mutation { renewConnection(input: { accessToken: "${secret}" }) { __typename } }`,
      `subscription { chatEvents(chatId: "${secret}", after: "${secret}") { __typename } }`,
    ];

    for (const transport of transports) {
      await ada.tell(transport, literal);
      for (const query of wrong) await ada.tell(transport, query, { text: secret });
    }
    await ada.send(chat, secret.repeat(1000), secret);
    await ada.send(chat, `${secret}\0`, secret);
    await ada.send({ id: secret }, secret, secret);
    await post(node.endpoint, RegisterDocument, {
      input: { username: ada.username, password: secret, email: `${secret}@` },
    });
    await post(node.endpoint, '{ viewer { id } }', undefined, { token: secret });
    await fetch(`${node.endpoint}?query=${secret}&variables=${secret}`, { headers: { 'X-Request-Id': `"${secret}"` } });
    await (
      await openSocket(node.socketUrl, { connectionParams: { authorization: `Bearer ${secret}`, text: secret } })
    ).closed;
    await ada.ask(RefreshSessionDocument, { input: { refreshToken: ada.session.refreshToken } });
    const again = await signIn(node, boris.username);
    await again.ask(LogOutDocument);
    await node.stop();

    const log = JSON.stringify(node.log);
    expect(node.log.length).toBeGreaterThan(50);
    for (const word of [
      secret,
      passwordOf(ada.username),
      'the password of admin',
      node.config.tokenSecret!,
      ...[ada, boris, again].flatMap(({ session }) => [session.accessToken, session.refreshToken]),
    ]) {
      expect(log.includes(word), word).toBe(false);
    }
    expect(log).not.toMatch(/eyJ|prt_|pat_|\$argon2/);
    expect(node.log.filter(({ msg }) => msg === 'Fault')).toEqual([]);
  });

  it.each([
    ['on', true],
    ['off', false],
  ])(
    'S4.4 never holds a token that a socket showed in its URL, with ALLOW_TOKEN_IN_URL=%s',
    async (_how, allowTokenInUrl) => {
      const node = await startNode({ allowTokenInUrl });
      const ada = await newPerson(node, 'ada');
      const { accessToken } = ada.session;
      const shown = async (query: string, headers = {}) => {
        const socket = await openSocket(`${node.socketUrl}?${query}`, { headers });
        if (socket.socket.readyState !== socket.socket.OPEN) return (await socket.closed).code;
        const { data } = await socket.ask(ViewerDocument);
        await socket.close();
        return data?.viewer?.id ?? null;
      };

      // Where it is off, such a token is not looked at, good or bad.
      expect(await shown(`token=${accessToken}`)).toBe(allowTokenInUrl ? ada.id : null);
      expect(await shown('token=hush-hush')).toBe(allowTokenInUrl ? 4403 : null);
      expect(await shown('room=1')).toBeNull();
      expect(await shown('token=hush-hush', { Authorization: `Bearer ${accessToken}` })).toBe(ada.id);
      // Only there: neither over HTTP nor over Server-Sent Events.
      const asked = await post(`${node.endpoint}?token=${accessToken}`, ViewerDocument);
      expect(asked.data).toEqual({ viewer: null });
      const refused = openSocket(`${node.socketUrl}?token=hush-hush`, { headers: { Origin: 'https://evil.example' } });
      await expect(refused).rejects.toThrow('403');
      await expect(openSocket(`${node.url.replace('http', 'ws')}/ws?token=hush-hush`)).rejects.toThrow('404');
      await node.stop();

      const log = JSON.stringify(node.log);
      expect(log).toContain('Connected');
      for (const word of [accessToken, accessToken.split('.')[2]!, 'hush-hush'])
        expect(log.includes(word), word).toBe(false);
    },
  );
});
