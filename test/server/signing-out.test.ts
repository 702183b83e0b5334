import { describe, expect, it, onTestFinished } from 'vitest';
import { createTokens } from '../../src/domain/accounts/tokens.js';
import {
  ChatEventsDocument,
  LogOutDocument,
  MessageSentDocument,
  NotificationReceivedDocument,
  RefreshSessionDocument,
  RenewConnectionDocument,
  ViewerDocument,
} from '../support/generated/operations.js';
import { post } from '../support/http.js';
import { ownNode } from '../support/node.js';
import { groupChat, newPerson, personOf, signIn, type Person } from '../support/people.js';
import { newSession } from '../support/accounts.js';
import { openSocket } from '../support/socket.js';
import { openEvents } from '../support/sse.js';

const node = ownNode();

const signedOut = { __typename: 'SubscriptionEnded', code: 'SIGNED_OUT' };

/** The same session with an access token that lives so many seconds. */
const expiringIn = ({ session }: Person, seconds: number): Person => {
  const tokens = createTokens({ secret: node.config.tokenSecret!, accessTokenMinutes: seconds / 60 });
  const { userId, sessionId } = tokens.readAccess(session.accessToken)!;
  const { accessToken, expiresAt } = tokens.issueAccess(userId, newSession(sessionId));
  return personOf(node, { ...session, accessToken, accessTokenExpiresAt: expiresAt.toISOString() });
};

const eventsOf = async (person: Person, chat: { id: string }) => {
  const options = { token: person.session.accessToken };
  const events = await openEvents(node.endpoint, ChatEventsDocument, { chatId: chat.id }, options);
  onTestFinished(() => events.stop());
  return events;
};

describe('when the access token expires', () => {
  it('a socket tells each of its subscriptions, completes none, and closes with 4403', async () => {
    const { ada, chat } = await groupChat(node);
    const socket = await expiringIn(ada, 2).connect();
    const chatEvents = socket.open(ChatEventsDocument, { chatId: chat.id });
    const messageSent = socket.open(MessageSentDocument, { chatId: chat.id });
    const notifications = socket.open(NotificationReceivedDocument);

    expect((await chatEvents.next()).data?.chatEvents.__typename).toBe('ChatReady');
    expect((await chatEvents.next()).data?.chatEvents).toMatchObject(signedOut);
    for (const live of [messageSent, notifications]) {
      expect(await live.ended).toBe('cut');
      expect(live.answers.at(-1)?.errors).toMatchObject([
        { extensions: { code: 'SUBSCRIPTION_ENDED', endCode: 'SIGNED_OUT' } },
      ]);
    }

    expect((await socket.closed).code).toBe(4403);
    expect(await chatEvents.ended).toBe('cut');
    expect(socket.messages.filter(({ type }) => type === 'complete')).toEqual([]);
  });

  it('an answer of events tells so and ends, without `complete`', async () => {
    const { ada, chat } = await groupChat(node);
    const events = await eventsOf(expiringIn(ada, 2), chat);

    expect((await events.next()).data?.chatEvents.__typename).toBe('ChatReady');
    expect((await events.next()).data?.chatEvents).toMatchObject(signedOut);

    expect(await events.ended).toBe('cut');
    expect(events.answers).toHaveLength(2);
  });

  it('a subscription that is not taken by its client does not keep the socket open', async () => {
    const { ada, chat } = await groupChat(node);
    const socket = await expiringIn(ada, 2).connect();
    socket.open(ChatEventsDocument, { chatId: chat.id });
    await expect.poll(() => socket.messages.length).toBeGreaterThan(1);

    socket.socket.pause();
    await expect
      .poll(() => node.log.find((line) => line.code === 4403 && line.msg === 'Disconnected'), { timeout: 8000 })
      .toBeDefined();
    socket.socket.resume();
    expect((await socket.closed).code).toBe(4403);
  });

  it('no request is answered any more, and no socket opened', async () => {
    const expired = expiringIn(await newPerson(node), -1);

    expect((await post(node.endpoint, ViewerDocument, {}, { token: expired.session.accessToken })).status).toBe(401);
    expect((await expired.connect().then((socket) => socket.closed)).code).toBe(4403);
  });
});

describe('renewConnection', () => {
  it('keeps a socket past the expiry of the token that it was opened with', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const socket = await expiringIn(ada, 2).connect();
    const live = socket.open(ChatEventsDocument, { chatId: chat.id });
    await live.next();

    const renewed = await socket.ask(RenewConnectionDocument, { accessToken: expiringIn(ada, 4).session.accessToken });
    const again = await socket.ask(RenewConnectionDocument, { accessToken: ada.session.accessToken });

    expect(renewed.data?.renewConnection?.__typename).toBe('RenewConnectionSuccess');
    expect(again.data?.renewConnection).toEqual({
      __typename: 'RenewConnectionSuccess',
      expiresAt: ada.session.accessTokenExpiresAt,
    });
    // Past both: a short token of another person's socket runs out after them.
    const fence = await expiringIn(boris, 5).connect();
    expect((await fence.closed).code).toBe(4403);
    await boris.send(chat, 'still there?');
    expect((await live.next()).data?.chatEvents).toMatchObject({ message: { text: 'still there?' } });
    expect((await socket.ask(ViewerDocument)).data?.viewer?.id).toBe(ada.id);
  });

  it('takes a token that a refresh has given', async () => {
    const ada = await newPerson(node);
    const socket = await ada.connect();

    const refreshed = await ada.ask(RefreshSessionDocument, { input: { refreshToken: ada.session.refreshToken } });
    if (refreshed.refreshSession?.__typename !== 'RefreshSessionSuccess') throw new Error(JSON.stringify(refreshed));
    const { accessToken, accessTokenExpiresAt } = refreshed.refreshSession.session;
    const answer = await socket.ask(RenewConnectionDocument, { accessToken });

    expect(answer.data?.renewConnection).toMatchObject({ expiresAt: accessTokenExpiresAt });
  });

  it('takes no token of another session, of nobody, or that is over', async () => {
    const ada = await newPerson(node);
    const [elsewhere, somebodyElse] = [await signIn(node, ada.username), await newPerson(node)];
    const socket = await ada.connect();

    for (const accessToken of [
      elsewhere.session.accessToken,
      somebodyElse.session.accessToken,
      expiringIn(ada, -1).session.accessToken,
      'x',
    ]) {
      const answer = await socket.ask(RenewConnectionDocument, { accessToken });
      expect(answer.data?.renewConnection?.__typename).toBe('InvalidTokenError');
    }
  });

  it('means nothing over HTTP', async () => {
    const ada = await newPerson(node);

    const answer = await ada.ask(
      `mutation ($accessToken: String!) { renewConnection(input: { accessToken: $accessToken }) {
        __typename ... on InvalidInputError { fields { path } } } }`,
      { accessToken: ada.session.accessToken },
    );

    expect(answer).toEqual({
      renewConnection: { __typename: 'InvalidInputError', fields: [{ path: ['accessToken'] }] },
    });
  });
});

describe('when the session is over', () => {
  it('its socket tells each of its subscriptions and closes with 4401, others stay', async () => {
    const { ada, boris, chat } = await groupChat(node);
    const elsewhere = await signIn(node, ada.username);
    const [socket, other] = [await elsewhere.connect(), await ada.connect()];
    const live = socket.open(ChatEventsDocument, { chatId: chat.id });
    await live.next();

    await elsewhere.ask(LogOutDocument);

    expect((await live.next()).data?.chatEvents).toMatchObject(signedOut);
    expect((await socket.closed).code).toBe(4401);
    expect(await live.ended).toBe('cut');
    expect((await other.ask(ViewerDocument)).data?.viewer?.id).toBe(ada.id);
    await boris.send(chat, 'hello');
  });

  it('the socket that ended it is still told that it did', async () => {
    const socket = await (await newPerson(node)).connect();

    const answer = await socket.ask(LogOutDocument, { everywhere: true });

    expect(answer.data?.logOut).toEqual({ __typename: 'LogOutSuccess', endedSessions: 1 });
    expect((await socket.closed).code).toBe(4401);
  });

  it('an answer of events tells so and ends, without `complete`', async () => {
    const { ada, chat } = await groupChat(node);
    const events = await eventsOf(ada, chat);
    await events.next();

    await ada.ask(LogOutDocument);

    expect((await events.next()).data?.chatEvents).toMatchObject(signedOut);
    expect(await events.ended).toBe('cut');
  });

  it('no socket is opened any more, and clients need not try again', async () => {
    const ada = await newPerson(node);
    await ada.ask(LogOutDocument);

    const socket = await openSocket(node.socketUrl, { token: ada.session.accessToken });

    expect((await socket.closed).code).toBe(4401);
  });
});
