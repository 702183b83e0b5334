/** What a subscription gave of the messages that were sent. */
import type { ChatEvent, Following } from './people.js';

type Sent = Extract<ChatEvent, { __typename?: 'MessageSent' }>;

export const sentIn = (events: readonly ChatEvent[]): Sent[] =>
  events.filter((event) => event.__typename === 'MessageSent');

export const sentSeqs = (...followings: Pick<Following, 'events'>[]): number[] =>
  followings.flatMap(({ events }) => sentIn(events).map(({ seq }) => seq));

export const sentTexts = (following: Pick<Following, 'events'>): (string | null)[] =>
  sentIn(following.events).map(({ message }) => message.text);

/** 1 to `count`: the numbers of so many events of a new chat. */
export const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);
