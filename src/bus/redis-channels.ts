/**
 * The channels that one connection hears, asked for again whenever it comes back. ioredis' own way of that is given up: what is
 * asked for while it connects is lost where that fails just then, and rejected promises that nobody holds end the process.
 */
import type { Redis, RedisOptions } from 'ioredis';

/** For the connection. It hears nothing but what is asked for here. */
export const CHANNELS_OPTIONS = {
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
  maxRetriesPerRequest: null,
} satisfies RedisOptions;

/** What graphql-redis-subscriptions asks of a subscriber. It leaves the promises of these lying: none is given to it. */
export interface Channels {
  /** @param onHeard called once, when everything published from then on is heard; while Redis is away that takes until it is back */
  subscribe(channel: string, onHeard: (error: null) => void): void;
  unsubscribe(channel: string): void;
  /** Patterns are not used. */
  punsubscribe(): void;
  on(event: 'message' | 'pmessage', listener: (...message: string[]) => void): void;
  /** All of them once more, where Redis has refused some. */
  askAgain(): void;
}

const AT_ONCE = 1000;

export const createChannels = (connection: Redis): Channels => {
  /** With those who wait for it to be heard. */
  const wanted = new Map<string, (() => void)[]>();

  const ask = (channels: string[]) => {
    const heard = () => {
      for (const channel of channels) {
        const waiting = wanted.get(channel);
        for (const onHeard of waiting?.splice(0) ?? []) onHeard();
      }
    };
    // Where the connection is lost meanwhile, they are asked for again. What Redis refuses, `redis-watch.ts` tells.
    connection.subscribe(...channels).then(heard, () => undefined);
  };

  const askAgain = () => {
    const channels = [...wanted.keys()];
    for (let from = 0; from < channels.length; from += AT_ONCE) ask(channels.slice(from, from + AT_ONCE));
  };
  connection.on('ready', askAgain);

  return {
    subscribe: (channel, onHeard) => {
      const waiting = wanted.get(channel) ?? [];
      waiting.push(() => onHeard(null));
      wanted.set(channel, waiting);
      if (connection.status === 'ready') ask([channel]);
    },
    unsubscribe: (channel) => {
      wanted.delete(channel);
      if (connection.status === 'ready') connection.unsubscribe(channel).catch(() => undefined);
    },
    punsubscribe: () => undefined,
    on: (event, listener) => void connection.on(event, listener),
    askAgain: () => {
      if (connection.status === 'ready') askAgain();
    },
  };
};
