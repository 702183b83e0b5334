/** What administrators do to accounts while their owners go on, at another node, with Redis away too. */
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  SendMessageDocument,
  SetUserActiveDocument,
  SetUserRoleDocument,
  ViewerDocument,
} from '../../support/generated/operations.js';
import { ownNodes } from '../../support/nodes.js';
import { administrator, groupOf, newPerson, type Person } from '../../support/people.js';
import { upTo } from '../../support/sent.js';
import { until } from '../../support/until.js';

const nodes = ownNodes();

/** What somebody sent, one after the other, until they were nobody any more. */
interface Lane {
  accepted: string[];
  /** Whose answer the closing socket swallowed: in the log or not. */
  unknown: string[];
  refused: string[];
  over: Promise<void>;
}

const sendOn = (name: string, send: (text: string) => Promise<boolean | null>): Lane => {
  const lane: Lane = { accepted: [], unknown: [], refused: [], over: Promise.resolve() };
  lane.over = (async () => {
    for (let number = 1; lane.refused.length + lane.unknown.length === 0; number += 1) {
      const text = `${name} ${number}`;
      const isAccepted = await send(text);
      (isAccepted === null ? lane.unknown : isAccepted ? lane.accepted : lane.refused).push(text);
    }
  })();
  return lane;
};

/** One request for each message. */
const overHttp = (person: Person, chatId: string) => async (text: string) => {
  const { data, errors } = await person.tell('http', SendMessageDocument, { input: { chatId, text } });
  if (errors === undefined) expect(data?.sendMessage?.__typename).toBe('SendMessageSuccess');
  else expect(errors[0]?.extensions).toMatchObject({ code: 'UNAUTHENTICATED' });
  return errors === undefined;
};

/** All over one socket. */
const overSocket = async (person: Person, chatId: string) => {
  const socket = await person.connect();
  return async (text: string) => {
    const live = socket.open(SendMessageDocument, { input: { chatId, text } });
    const answer = await live.next().catch(() => null);
    if (answer === null) return null;
    if (answer.errors === undefined) expect(answer.data?.sendMessage?.__typename).toBe('SendMessageSuccess');
    return answer.errors === undefined;
  };
};

describe.each([
  ['with Redis', true],
  ['with Redis down', false],
])('%s', (_how, isRedisUp) => {
  it('who is deactivated while they send has each message in the log or refused, and sends none five seconds later', async () => {
    const root = await administrator(nodes.one);
    const [ada, boris] = [await newPerson(nodes.one, 'ada'), await newPerson(nodes.one, 'boris')];
    const chat = await groupOf(root, ada, boris);
    if (!isRedisUp) {
      await nodes.redis!.kill();
      onTestFinished(() => nodes.redis!.restart());
    }
    const lanes = [
      sendOn('here', overHttp(ada, chat.id)),
      sendOn('there', overHttp(ada.at(nodes.other), chat.id)),
      sendOn('socket', await overSocket(ada.at(nodes.other), chat.id)),
    ];
    await until(() => lanes.every(({ accepted }) => accepted.length >= 5), 'messages by every way');

    await root.ask(SetUserActiveDocument, { userId: ada.id, isActive: false });
    const deactivated = performance.now();
    await Promise.all(lanes.map(({ over }) => over));

    expect(performance.now() - deactivated).toBeLessThan(5000);
    for (const node of [nodes.one, nodes.other]) {
      const { errors } = await ada.at(node).tell('http', ViewerDocument);
      expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    }
    const reading = await boris.at(nodes.other).follow(chat, { after: chat.cursor });
    await reading.event('ChatReady');
    const logged = reading.events.flatMap((event) =>
      event.__typename === 'MessageSent' ? (event.message.text ?? []) : [],
    );
    const known = (texts: string[]) => texts.filter((text) => !lanes.some(({ unknown }) => unknown.includes(text)));
    expect(known(logged).sort()).toEqual(lanes.flatMap(({ accepted }) => accepted).sort());
    // Theirs stay, and the chat goes on after them.
    expect(await boris.send(chat, 'And now?')).toMatchObject({ message: { seq: logged.length + 1 } });
  });

  it('of two last administrators who demote or deactivate each other at once one is left', async () => {
    const root = await administrator(nodes.one);
    if (!isRedisUp) {
      await nodes.redis!.kill();
      onTestFinished(() => nodes.redis!.restart());
    }

    let left = root;
    for (const number of upTo(6)) {
      const rival = await newPerson(nodes.other, 'rival');
      await left.ask(SetUserRoleDocument, { userId: rival.id, role: 'ADMIN' });
      const [one, other] = [left.at(nodes.one), rival];
      const take = async (who: Person, { id: userId }: Person): Promise<boolean> => {
        // Otherwise refused, or nobody any more.
        if (number % 2 === 0) {
          const { data } = await who.tell('http', SetUserRoleDocument, { userId, role: 'USER' });
          return data?.setUserRole?.__typename === 'SetUserRoleSuccess';
        }
        const { data } = await who.tell('http', SetUserActiveDocument, { userId, isActive: false });
        return data?.setUserActive?.__typename === 'SetUserActiveSuccess';
      };

      const [isOnes, isOthers] = await Promise.all([take(one, other), take(other, one)]);

      expect([isOnes, isOthers].filter(Boolean)).toHaveLength(1);
      left = isOnes ? one : other;
      const { setUserRole } = await left.ask(SetUserRoleDocument, { userId: left.id, role: 'USER' });
      expect(setUserRole).toMatchObject({ __typename: 'InvalidInputError', fields: [{ path: ['role'] }] });
    }
    // As it was, for whoever comes next.
    if (left.id === root.id) return;
    await left.ask(SetUserActiveDocument, { userId: root.id, isActive: true });
    await left.ask(SetUserRoleDocument, { userId: root.id, role: 'ADMIN' });
    await left.ask(SetUserRoleDocument, { userId: left.id, role: 'USER' });
  });
});
