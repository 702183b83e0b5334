/** Servers with followers of one chat, and a way to publish into it. */
import { openSocket } from './clients.mjs';
import { startAsked, type Child } from './child.js';
import { SECRET, startNode, startParley, TEXT, tokenFor, type Chat, type Parley, type Person } from './parley.js';

export interface FanOutContender {
  readonly name: string;
  /** The server that messages are sent to. */
  readonly child: Child;
  /** It, and that of the followers where this is another. */
  readonly nodes: readonly Child[];
  /** Sends so many messages at once, into the chat that is followed or into the other one. */
  publish(isFollowed: boolean, count: number): Promise<number>;
  /** Makes a chat for so many followers; resolves with who they are and how they follow. Nobody follows the other chat by that. */
  prepare(followers: number): Promise<FollowerPlan>;
  stop(): Promise<void>;
}

export interface FollowerPlan {
  plan: Record<string, unknown>;
  tokens: string[];
  /** The id of the other chat, which they may follow too. */
  otherChatId: string;
}

const FIELDS = `seq cursor chatId message { id seq text createdAt sender { id username } }`;
export const CHAT_EVENTS = `subscription ($chatId: ID!) { chatEvents(chatId: $chatId) { __typename ... on MessageSent { ${FIELDS} } } }`;
export const EVENTS = `subscription { events { __typename ... on MessageSent { ${FIELDS} } } }`;
export const SEND = `mutation ($chatId: ID!, $text: String!) {
  sendMessage(input: { chatId: $chatId, text: $text }) { ... on SendMessageSuccess { message { seq } } } }`;

let starts = 0;

type Transport = 'chatEvents' | 'events' | 'SSE';

export interface ContenderOptions {
  text?: string;
  /** Of messages in the other chat, if those are not the same. */
  otherText?: string;
  /** Whether followers are members of the other chat too. */
  canFollowBoth?: boolean;
  environment?: Record<string, string>;
  /** Then followers are on a second node, and this is between the two. */
  redisUrl?: string;
}

export const startParleyContender = async (
  serverUrl: string,
  transport: Transport,
  { text = TEXT, otherText = text, canFollowBoth = false, environment: given = {}, redisUrl }: ContenderOptions = {},
): Promise<FanOutContender> => {
  const name = `${transport.toLowerCase()}_${(starts += 1)}`;
  const environment = redisUrl === undefined ? given : { ...given, REDIS_URL: redisUrl };
  const parley = await startParley(serverUrl, { name, environment });
  const second = redisUrl === undefined ? undefined : await startNode(parley.databaseUrl, environment);
  const [sender] = (await parley.addPeople(1)) as [Person];
  const client = await openSocket(parley.socketUrl, sender.token);
  let chats: { followed: Chat; other: Chat } | undefined;

  const send = async (chatId: string, own: string) => {
    const answer = await client.ask(JSON.stringify({ query: SEND, variables: { chatId, text: own } }));
    const seq = /"seq":(\d+)/.exec(answer)?.[1];
    if (seq === undefined) throw new Error(`Not sent: ${answer}`);
    return Number(seq);
  };

  return {
    name: `Parley, ${transport}`,
    child: parley.child,
    nodes: [parley.child, ...(second === undefined ? [] : [second.child])],
    publish: async (isFollowed, count) => {
      const { id } = isFollowed ? chats!.followed : chats!.other;
      const own = isFollowed ? text : otherText;
      return Math.max(...(await Promise.all(Array.from({ length: count }, () => send(id, own)))));
    },
    prepare: async (count) => {
      const followers = await parley.addPeople(count);
      // Of the same number; they are not connected unless they may follow it.
      const others = canFollowBoth ? followers : await parley.addPeople(count);
      chats = {
        followed: await parley.addChat([sender, ...followers]),
        other: await parley.addChat([sender, ...others]),
      };
      await parley.analyze();
      return {
        plan: planFor(second ?? parley, transport, chats.followed),
        tokens: followers.map(({ token }) => token),
        otherChatId: chats.other.id,
      };
    },
    stop: async () => {
      client.close();
      await Promise.all([parley.stop(), second?.stop()]);
    },
  };
};

const planFor = (parley: Parley, transport: Transport, { id: chatId }: Chat) =>
  transport === 'events'
    ? { protocol: 'graphql', url: parley.socketUrl, query: EVENTS, variables: {} }
    : transport === 'chatEvents'
      ? { protocol: 'graphql', url: parley.socketUrl, query: CHAT_EVENTS, variables: { chatId } }
      : { protocol: 'sse', url: parley.url, query: CHAT_EVENTS, variables: { chatId } };

export type PeerProtocol = 'graphql' | 'sse' | 'socketIo' | 'plain';

export interface Peer {
  name: string;
  /** In bench/peers. */
  program: string;
  protocol: PeerProtocol;
}

export const PEERS: readonly Peer[] = [
  { name: 'Yoga', program: 'yoga', protocol: 'graphql' },
  { name: 'Yoga, SSE', program: 'yoga', protocol: 'sse' },
  { name: 'Apollo', program: 'apollo', protocol: 'graphql' },
  { name: 'Mercurius', program: 'mercurius', protocol: 'graphql' },
  { name: 'Socket.IO', program: 'socket-io', protocol: 'socketIo' },
  { name: 'ws', program: 'ws', protocol: 'plain' },
];

const PATHS: Record<PeerProtocol, string> = {
  graphql: 'ws://127.0.0.1:PORT/graphql',
  sse: 'http://127.0.0.1:PORT/graphql',
  socketIo: 'ws://127.0.0.1:PORT/socket.io/?EIO=4&transport=websocket',
  plain: 'ws://127.0.0.1:PORT/',
};

// The object type itself, so that nobody pays for a union.
const PEER_EVENTS = `subscription ($chatId: ID!) { chatEvents(chatId: $chatId) { __typename ${FIELDS} } }`;

const PEER_OTHER = Buffer.from('Chat:other').toString('base64');

/** So many followers of that chat, who share nothing but the text of their subscription. */
export const peerPlan = ({ protocol }: Peer, port: number, chatId: string, count: number): FollowerPlan => ({
  plan: {
    protocol,
    url: PATHS[protocol].replace('PORT', String(port)),
    chatId,
    query: PEER_EVENTS,
    variables: { chatId },
  },
  tokens: Array.from({ length: count }, (_none, n) => tokenFor(String(n + 1), 'none')),
  otherChatId: PEER_OTHER,
});

export const startPeer = async (
  peer: Peer,
  { text = TEXT, otherText = text, environment = {}, redisUrl }: ContenderOptions = {},
): Promise<FanOutContender> => {
  const { name, program } = peer;
  const startOne = () =>
    startAsked<{ port: number }>(
      new URL(`../peers/${program}.mjs`, import.meta.url),
      { secret: SECRET, text, redisUrl },
      { environment },
    );
  const first = await startOne();
  const second = redisUrl === undefined ? first : await startOne();
  const nodes = [...new Set([first.child, second.child])];
  let chatId = '';
  return {
    name,
    child: first.child,
    nodes,
    publish: (isFollowed, count) =>
      first.child.ask({
        what: 'publish',
        chatId: isFollowed ? chatId : PEER_OTHER,
        text: isFollowed ? text : otherText,
        count,
      }),
    prepare: (count) => {
      chatId = Buffer.from(`Chat:${count}`).toString('base64');
      return Promise.resolve(peerPlan(peer, second.ready.port, chatId, count));
    },
    stop: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  };
};
