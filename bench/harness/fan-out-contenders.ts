/** Servers with followers of one chat, and a way to publish into it. */
import { openSocket } from './clients.mjs';
import { startAsked, type Child } from './child.js';
import { SECRET, startParley, TEXT, tokenFor, type Chat, type Parley, type Person } from './parley.js';

export interface FanOutContender {
  readonly name: string;
  readonly child: Child;
  /** Sends so many messages at once, into the chat that is followed or into one that nobody follows. */
  publish(isFollowed: boolean, count: number): Promise<number>;
  /** Makes a chat for so many followers; resolves with who they are and how they follow. */
  prepare(followers: number): Promise<FollowerPlan>;
  stop(): Promise<void>;
}

export interface FollowerPlan {
  plan: Record<string, unknown>;
  tokens: string[];
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
  environment?: Record<string, string>;
}

export const startParleyContender = async (
  serverUrl: string,
  transport: Transport,
  { text = TEXT, environment = {} }: ContenderOptions = {},
): Promise<FanOutContender> => {
  const name = `${transport.toLowerCase()}_${(starts += 1)}`;
  const parley = await startParley(serverUrl, { name, environment });
  const [sender] = (await parley.addPeople(1)) as [Person];
  const client = await openSocket(parley.socketUrl, sender.token);
  let chats: { followed: Chat; quiet: Chat } | undefined;

  const send = async (chat: Chat) => {
    const answer = await client.ask(JSON.stringify({ query: SEND, variables: { chatId: chat.id, text } }));
    const seq = /"seq":(\d+)/.exec(answer)?.[1];
    if (seq === undefined) throw new Error(`Not sent: ${answer}`);
    return Number(seq);
  };

  return {
    name: `Parley, ${transport}`,
    child: parley.child,
    publish: async (isFollowed, count) => {
      const chat = isFollowed ? chats!.followed : chats!.quiet;
      return Math.max(...(await Promise.all(Array.from({ length: count }, () => send(chat)))));
    },
    prepare: async (count) => {
      const followers = await parley.addPeople(count);
      // Members of the same number, who are not connected.
      const others = await parley.addPeople(count);
      chats = {
        followed: await parley.addChat([sender, ...followers]),
        quiet: await parley.addChat([sender, ...others]),
      };
      await parley.analyze();
      return { plan: planFor(parley, transport, chats.followed), tokens: followers.map(({ token }) => token) };
    },
    stop: async () => {
      client.close();
      await parley.stop();
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
});

export const startPeer = async (
  peer: Peer,
  { text = TEXT, environment = {} }: ContenderOptions = {},
): Promise<FanOutContender> => {
  const { name, program } = peer;
  const options = { secret: SECRET, text };
  const { child, ready } = await startAsked<{ port: number }>(
    new URL(`../peers/${program}.mjs`, import.meta.url),
    options,
    { environment },
  );
  let chatId = '';
  return {
    name,
    child,
    publish: (isFollowed, count) => child.ask({ what: 'publish', chatId: isFollowed ? chatId : 'quiet', count }),
    prepare: (count) => {
      chatId = Buffer.from(`Chat:${count}`).toString('base64');
      return Promise.resolve(peerPlan(peer, ready.port, chatId, count));
    },
    stop: () => child.stop(),
  };
};
