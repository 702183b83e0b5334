/** Another TOKEN_SECRET takes the place of the old one while nodes are restarted one after the other. */
import jwt from 'jsonwebtoken';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/open.js';
import { ViewerDocument } from '../../support/generated/operations.js';
import { ownNodes, type NodeProcess } from '../../support/nodes.js';
import { groupChat, newPerson, type Person } from '../../support/people.js';

const nodes = ownNodes();

const BEFORE = 'a secret that is only ever used in tests';
const AFTER = 'the secret that takes its place, in tests';
const both = { TOKEN_SECRET: AFTER, TOKEN_SECRET_OLD: BEFORE };

const restart = async (node: NodeProcess, changes: Record<string, string>) => {
  await node.stop();
  await node.start(changes);
};

const isSignedWith = (secret: string, { session }: Person) => {
  try {
    return Boolean(jwt.verify(session.accessToken, secret));
  } catch {
    return false;
  }
};

/** As if the nodes had been told of the new secret so long ago. */
const hoursLater = async (hours: number) => {
  const db = await openDatabase(nodes.one.config);
  await db
    .query('UPDATE installation SET secret_since = secret_since - make_interval(hours => $1::int)', [hours])
    .finally(() => db.close());
};

const mustWorkEverywhere = async (...people: Person[]) => {
  for (const person of people)
    for (const node of [nodes.one, nodes.other])
      expect(await person.at(node).ask(ViewerDocument)).toMatchObject({ viewer: { id: person.id } });
};

it('nobody is refused by any node, from the first restart to after the old secret is gone', async () => {
  const { ada: early, boris, chat } = await groupChat(nodes.one);
  const following = await boris.at(nodes.other).follow(chat);
  await following.event('ChatReady');

  // One knows the new secret, the other does not.
  await restart(nodes.one, both);
  const between = [await newPerson(nodes.one), await newPerson(nodes.other)];
  await mustWorkEverywhere(early, ...between);
  expect(between.map((person) => isSignedWith(BEFORE, person))).toEqual([true, true]);
  // They hear each other.
  await early.at(nodes.one).send(chat, 'across');
  expect(await following.event('MessageSent')).toMatchObject({ message: { text: 'across' } });
  await restart(nodes.other, both);
  await mustWorkEverywhere(early, ...between);

  // Which of them is restarted again, and when, makes no difference.
  await hoursLater(1);
  await restart(nodes.one, both);
  const late = [await newPerson(nodes.one), await newPerson(nodes.other)];
  expect(late.map((person) => isSignedWith(AFTER, person))).toEqual([true, false]);
  await mustWorkEverywhere(early, ...between, ...late);

  for (const node of [nodes.one, nodes.other]) await restart(node, { TOKEN_SECRET_OLD: '' });
  await mustWorkEverywhere(late[0]!);
  const { errors } = await early.tell('http', ViewerDocument);
  expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  for (const node of [nodes.one, nodes.other]) expect(node.log.filter(({ level }) => level === 'warn')).toEqual([]);
}, 120_000);

it('a node that starts with another secret and without the old one says so', async () => {
  const node = await nodes.another({ TOKEN_SECRET: 'a secret that nobody has told the others', TOKEN_SECRET_OLD: '' });

  expect(node.log).toContainEqual(
    expect.objectContaining({ level: 'warn', msg: expect.stringMatching(/^TOKEN_SECRET is another one/) as string }),
  );
});
