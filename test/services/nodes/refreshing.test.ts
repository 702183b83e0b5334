/** Refreshing over two nodes, each of which knows of the other by the database and, where that is up, by Redis. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { RefreshSessionDocument, ViewerDocument } from '../../support/generated/operations.js';
import { post } from '../../support/http.js';
import type { TestNode } from '../../support/node.js';
import { ownNodes } from '../../support/nodes.js';
import { newPerson, personOf, type Person } from '../../support/people.js';
import { upTo } from '../../support/sent.js';

const nodes = ownNodes();

const refreshAt = async (node: TestNode, { session }: Person) => {
  const input = { refreshToken: session.refreshToken };
  return (await post(node.endpoint, RefreshSessionDocument, { input })).data?.refreshSession;
};

const refreshed = async (node: TestNode, person: Person): Promise<Person> => {
  const answer = await refreshAt(node, person);
  if (answer?.__typename !== 'RefreshSessionSuccess') throw new Error(JSON.stringify(answer));
  return personOf(node, answer.session);
};

const mustBeSignedOut = async (person: Person) => {
  for (const node of [nodes.one, nodes.other]) {
    const { errors } = await person.at(node).tell('http', ViewerDocument);
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  }
};

describe.each([
  ['with Redis', true],
  ['with Redis down', false],
])('S4.3 %s', (_how, isRedisUp) => {
  const withRedisSo = async () => {
    if (isRedisUp) return;
    await nodes.redis!.kill();
    onTestFinished(() => nodes.redis!.restart());
  };

  it('a token that two hold ends the session and its sockets on all nodes, and is told in the log', async () => {
    const stolen = await newPerson(nodes.one, 'ada');
    await withRedisSo();
    const owner = await refreshed(nodes.one, stolen);
    // The first use is a socket's.
    const socket = await owner.at(nodes.other).connect();

    expect((await refreshAt(nodes.one, stolen))?.__typename).toBe('InvalidTokenError');

    expect(await socket.closed).toMatchObject({ code: 4401 });
    await mustBeSignedOut(owner);
    expect((await refreshAt(nodes.other, owner))?.__typename).toBe('InvalidTokenError');
    expect(
      nodes.one.log.filter(({ level, msg }) => level === 'warn' && /refresh token/.test(msg)).at(-1),
    ).toMatchObject({
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      userId: expect.stringMatching(/^\d+$/) as string,
      address: expect.stringMatching(/127\.0\.0\.1|::1/) as string,
    });
  });

  it('a lost answer is asked for at the other node, and the pair that was lost is refused by both', async () => {
    const person = await newPerson(nodes.one, 'ada');
    await withRedisSo();
    // Both nodes remember the session as it was.
    for (const node of [nodes.one, nodes.other]) await person.at(node).ask(ViewerDocument);
    const lost = await refreshed(nodes.one, person);

    const found = await refreshed(nodes.other, person);

    await mustBeSignedOut(lost);
    for (const node of [nodes.one, nodes.other])
      expect(await found.at(node).ask(ViewerDocument)).toMatchObject({ viewer: { id: person.id } });
    expect((await refreshAt(nodes.one, lost))?.__typename).toBe('InvalidTokenError');
    expect(await found.ask(ViewerDocument)).toMatchObject({ viewer: { id: person.id } });
  });

  it('thirty at once, at both nodes, all have an answer, and one of them goes on', async () => {
    const person = await newPerson(nodes.one, 'ada');
    await withRedisSo();

    const answers = await Promise.all(upTo(30).map((n) => refreshed(n % 2 === 0 ? nodes.one : nodes.other, person)));

    const outcomes = [];
    for (const [n, answer] of answers.entries())
      outcomes.push(await answer.at(n % 2 === 0 ? nodes.one : nodes.other).tell('http', ViewerDocument));
    expect(outcomes.filter(({ errors }) => errors === undefined)).toHaveLength(1);
  });
});

it('S4.3 a node that is killed while it refreshes costs nobody the session', async () => {
  const person = await newPerson(nodes.one, 'ada');
  const { session } = person;

  const asked = Promise.allSettled(upTo(5).map(() => refreshAt(nodes.other, person)));
  await nodes.other.kill();
  onTestFinished(() => nodes.other.start());
  await asked;

  const found = await refreshed(nodes.one, person);
  expect(found.session.refreshToken).not.toBe(session.refreshToken);
  expect(await found.ask(ViewerDocument)).toMatchObject({ viewer: { id: person.id } });
});
