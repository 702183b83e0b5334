/** Many subscribers of one chat, whose results are executed once for all who ask alike: each is given all, once and in order. */
import { expect, it, onTestFinished } from 'vitest';
import type { Live } from '../support/live.js';
import { ownNode } from '../support/node.js';
import { groupChat, say, type Chat, type Person } from '../support/people.js';
import { upTo } from '../support/sent.js';
import type { Message, Socket } from '../support/socket.js';
import { openEvents } from '../support/sse.js';
import { until } from '../support/until.js';

const node = ownNode({ messageMaxLength: 20_000, slowReaderSeconds: 600 });

const READY = '... on ChatReady { headSeq }';
const SENT = '__typename ... on DurableEvent { seq } ... on MessageSent';
const ONE_TEXT = `subscription ($chatId: ID!) { chatEvents(chatId: $chatId) { ${SENT} { message { text } } ${READY} } }`;
const ANOTHER = `subscription ($chatId: ID!) { chatEvents(chatId: $chatId) { ${SENT} { message { id text } } ${READY} } }`;
const EVERYTHING = `subscription { events { ${SENT} { message { text } } } }`;

interface Event {
  __typename: string;
  seq?: number;
  headSeq?: number;
  message?: { id?: string; text: string | null };
}

type Data = Record<string, Event>;
type Subscriber = Pick<Live<Data>, 'answers'>;

const eventsIn = ({ answers }: Subscriber): Event[] => answers.flatMap(({ data }) => Object.values(data ?? {}));
const sentTo = (subscriber: Subscriber): Event[] =>
  eventsIn(subscriber).filter(({ __typename: type }) => type === 'MessageSent');
const resultsOf = ({ answers }: Subscriber) =>
  answers.flatMap(({ data }) => (data && Object.values(data)[0]?.__typename === 'MessageSent' ? [data] : []));
const seqsOf = (events: readonly Event[]) => events.map(({ seq }) => seq);

const isReady = (subscriber: Subscriber) =>
  eventsIn(subscriber).some(({ __typename: type }) => type === 'ChatReady' || type === 'ViewerReady');
const everyoneIsReady = (subscribers: readonly Subscriber[]) => until(() => subscribers.every(isReady), 'everyone');

/** Each over a connection of its own, by these people in turn. */
const subscribe = (count: number, people: readonly Person[], open: (person: Person) => Promise<Subscriber>) =>
  Promise.all(upTo(count).map((n) => open(people[n % people.length]!)));

const overSocket =
  (query: string, chat: Chat) =>
  async (person: Person): Promise<Subscriber> =>
    (await person.connect()).open<Data, object>(query, query.includes('$chatId') ? { chatId: chat.id } : {});

const overEvents =
  (query: string, chat: Chat) =>
  async ({ session }: Person): Promise<Subscriber> => {
    const { accessToken: token } = session;
    const events = await openEvents<Data, object>(node.endpoint, query, { chatId: chat.id }, { token });
    onTestFinished(() => events.stop());
    return events;
  };

/** Messages that are sent at once, and so numbered by chance. */
const burst = (person: Person, chat: Chat, texts: readonly string[]) =>
  Promise.all(texts.map((text) => say(person, chat, text)));

it('gives each of sixty subscribers each message once and in order, however they ask', async () => {
  const { root, ada, boris, chen, chat } = await groupChat(node);
  const [many, some, streams, everywhere] = await Promise.all([
    subscribe(40, [root, ada, boris, chen], overSocket(ONE_TEXT, chat)),
    subscribe(10, [root, ada, boris, chen], overSocket(ANOTHER, chat)),
    subscribe(5, [ada, boris], overEvents(ONE_TEXT, chat)),
    subscribe(5, [ada, boris, chen], overSocket(EVERYTHING, chat)),
  ]);
  const subscribers = [...many, ...some, ...streams, ...everywhere];
  await everyoneIsReady(subscribers);

  const sent: { id: string; seq: number; text: string | null }[] = [];
  for (const [n, count] of [1, 1, 8, 1, 12, 1, 5].entries()) {
    const texts = upTo(count).map((m) => `${n}, ${m}`);
    sent.push(...(await burst(n % 2 === 0 ? ada : boris, chat, texts)));
  }
  // Whatever came twice or late came before this one.
  sent.push(await say(ada, chat, 'the last'));
  await until(() => subscribers.every((one) => sentTo(one).length >= sent.length), 'all for everyone');

  expect(sent).toHaveLength(30);
  sent.sort((one, other) => one.seq - other.seq);
  const shown = ({ seq, text }: (typeof sent)[number]) => ({ __typename: 'MessageSent', seq, message: { text } });
  const ofText = sent.map((message) => ({ chatEvents: shown(message) }));
  const ofAnother = sent.map((message) => {
    const { id, text } = message;
    return { chatEvents: { ...shown(message), message: { id, text } } };
  });
  const ofEverything = sent.map((message) => ({ events: shown(message) }));
  for (const one of [...many, ...streams]) expect(resultsOf(one)).toEqual(ofText);
  for (const one of some) expect(resultsOf(one)).toEqual(ofAnother);
  for (const one of everywhere) expect(resultsOf(one)).toEqual(ofEverything);
});

it.each([
  ['the same', ONE_TEXT],
  ['another', ANOTHER],
])('gives nothing of a completed subscription once %s follows under its id', async (_which, query) => {
  const { ada, boris, chen, chat } = await groupChat(node);
  const others = await subscribe(5, [ada, chen], overSocket(ONE_TEXT, chat));
  const socket = await boris.connect();
  const reused = saidOn(socket);
  begin(socket, ONE_TEXT, chat);
  await everyoneIsReady([...others, reused]);

  for (let round = 1; round <= 5; round += 1) {
    const before = sentTo(reused).length;
    const sending = burst(ada, chat, upTo(10).map(String));
    await until(() => sentTo(reused).length > before, 'the first of a burst');
    socket.messages.length = 0;
    socket.send({ id: ID, type: 'complete' });
    begin(socket, query, chat);
    await until(() => isReady(reused), 'ready again');
    await sending;
    const { seq: last } = await say(ada, chat, 'the last of a round');
    await until(() => sentTo(reused).some(({ seq }) => seq === last), 'what came after the burst');

    const events = eventsIn(reused);
    const ready = events.findIndex(({ __typename: type }) => type === 'ChatReady');
    const { headSeq } = events[ready]!;
    expect(seqsOf(events.slice(ready + 1))).toEqual(upTo(last).slice(headSeq));
  }

  await until(() => others.every((one) => sentTo(one).length >= 55), 'all for the others');
  for (const other of others) expect(seqsOf(sentTo(other))).toEqual(upTo(55));
});

const ID = 'reused';

const begin = (socket: Socket, query: string, { id: chatId }: Chat) =>
  socket.send({ id: ID, type: 'subscribe', payload: { query, variables: { chatId } } });

const saidOn = ({ messages }: Socket): Subscriber => ({
  get answers() {
    return messages.flatMap(({ id, type, payload }: Message) =>
      id === ID && type === 'next' ? [payload as Subscriber['answers'][number]] : [],
    );
  },
});

/** With four bytes a character more than the kernel takes for a stalled connection. */
const LONG_MESSAGES = 100;

it('delays nobody for a subscriber that has stalled, and leaves out nothing once that one reads again', async () => {
  const { ada, boris, chen, chat } = await groupChat(node);
  const socket = await boris.connect();
  const stalled: Subscriber = socket.open<Data, object>(ONE_TEXT, { chatId: chat.id });
  const reading = [
    ...(await subscribe(4, [ada, chen], overSocket(ONE_TEXT, chat))),
    ...(await subscribe(1, [chen], overEvents(ANOTHER, chat))),
    ...(await subscribe(1, [chen], overSocket(EVERYTHING, chat))),
  ];
  await everyoneIsReady([stalled, ...reading]);

  socket.socket.pause();
  const text = '😀'.repeat(20_000);
  for (let sent = 0; sent < LONG_MESSAGES; sent += 20) await burst(ada, chat, Array<string>(20).fill(text));
  await until(() => reading.every((one) => sentTo(one).length === LONG_MESSAGES), 'all for who reads');
  const givenMeanwhile = sentTo(stalled).length;
  socket.socket.resume();
  await until(() => sentTo(stalled).length >= LONG_MESSAGES, 'all for who had stalled');
  const { seq: last } = await say(ada, chat, 'the last');
  await until(() => [stalled, ...reading].every((one) => sentTo(one).at(-1)?.seq === last), 'the last for everyone');

  expect(givenMeanwhile).toBe(0);
  for (const one of [stalled, ...reading]) expect(seqsOf(sentTo(one))).toEqual(upTo(last));
  // Its queue was dropped meanwhile, and read again.
  const types = eventsIn(stalled).map(({ __typename: type }) => type);
  expect(types.filter((type) => type === 'ChatReady').length).toBeGreaterThan(1);
  expect(new Set(types)).toEqual(new Set(['ChatReady', 'MessageSent']));
});
