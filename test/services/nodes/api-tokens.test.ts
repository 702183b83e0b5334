/** An API token that is revoked on one node ends what it has open on the other, within five seconds, with Redis away too. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { CreateApiTokenDocument, RevokeApiTokenDocument, ViewerDocument } from '../../support/generated/operations.js';
import { ownNodes } from '../../support/nodes.js';
import { administrator, groupOf, newPerson, personOf } from '../../support/people.js';

const nodes = ownNodes();

describe.each([
  ['with Redis', true],
  ['with Redis down', false],
])('S1.10 %s', (_how, isRedisUp) => {
  it('a token made on one node acts on the other, until it is revoked', async () => {
    const root = await administrator(nodes.one);
    const ada = await newPerson(nodes.one, 'ada');
    const chat = await groupOf(root, ada);
    const { createApiToken } = await ada.ask(CreateApiTokenDocument, { input: { name: 'A program' } });
    if (createApiToken?.__typename !== 'CreateApiTokenSuccess') throw new Error(JSON.stringify(createApiToken));
    const { token, apiToken } = createApiToken;
    const program = personOf(nodes.other, { ...ada.session, accessToken: token });
    const following = await program.follow(chat);
    const streaming = await program.follow(chat, { over: 'sse' });
    const owners = await ada.at(nodes.other).follow(chat);
    await Promise.all([following, streaming, owners].map((one) => one.event('ChatReady')));
    if (!isRedisUp) {
      await nodes.redis!.kill();
      onTestFinished(() => nodes.redis!.restart());
    }

    await ada.ask(RevokeApiTokenDocument, { apiTokenId: apiToken.id });
    const revoked = performance.now();

    expect(await following.socket!.closed).toMatchObject({ code: 4401 });
    expect(await streaming.ended).toBe('cut');
    expect(performance.now() - revoked).toBeLessThan(5000);
    for (const one of [following, streaming])
      expect(one.events.at(-1)).toMatchObject({ __typename: 'SubscriptionEnded', code: 'SIGNED_OUT' });
    expect((await program.tell('http', ViewerDocument)).errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED' } },
    ]);
    // Its owner is still there.
    await ada.send(chat, 'still here');
    expect(await owners.event('MessageSent')).toMatchObject({ message: { text: 'still here' } });
  });
});
