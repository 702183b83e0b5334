/**
 * Follows one chat (`chatEvents`) or all of a user's (`events`) without losing or doubling anything, over any number of sockets.
 *
 * graphql-ws subscribes again by itself after each loss, with the very object of variables that it was given first. So this keeps
 * `after` in it at the last cursor: left as it was, it would leave a silent hole. Apollo and urql make an object of their own, out
 * of reach; follow past them, over the graphql-ws client that they use, and write what comes into their caches.
 */
import type { Client } from 'graphql-ws';
import { retryAfterMs } from './refusal.js';

/** What is looked at here. Select it in the subscription: `__typename` of every event, and these where an event has them. */
interface Event {
  __typename?: string;
  cursor?: string;
  chatId?: string;
  code?: string;
  reason?: string;
}

interface Listener<Followed> {
  /** Every event, these included: ResyncRequired, for what is known of that chat has to be queried again, while live events go on. */
  onEvent: (event: Followed) => void;
  /** It will not go on: REMOVED, CHAT_GONE, TAKEN_OVER, or the code of an error. */
  onEnded: (code: string, reason: string) => void;
}

export interface FollowChatOptions<Followed> extends Listener<Followed> {
  client: Pick<Client, 'subscribe'>;
  /** `subscription ($chatId: ID!, $after: Cursor) { chatEvents(chatId: $chatId, after: $after) { … } }` */
  query: string;
  chatId: string;
  /** Of the chat as it was queried, or as it was kept: `chat { cursor }`. Null: nothing is replayed. */
  after: string | null;
}

export interface FollowAllOptions<Followed> extends Listener<Followed> {
  client: Pick<Client, 'subscribe'>;
  /** `subscription ($after: [Cursor!]) { events(after: $after) { … } }` */
  query: string;
  /** By the chat's id. */
  after: ReadonlyMap<string, string>;
}

export interface Following {
  /** Keep them with what was made of the events, to go on from there after a reload. By the chat's id. */
  readonly cursors: ReadonlyMap<string, string>;
  stop(): void;
}

export const followChat = <Followed extends Event>({
  client,
  query,
  chatId,
  after,
  ...listener
}: FollowChatOptions<Followed>): Following => {
  const cursors = new Map(after === null ? [] : [[chatId, after]]);
  return follow<Followed>(client, query, cursors, () => ({ chatId, after: cursors.get(chatId) ?? null }), listener);
};

export const followAll = <Followed extends Event>({
  client,
  query,
  after,
  ...listener
}: FollowAllOptions<Followed>): Following => {
  const cursors = new Map(after);
  // Absent rather than empty: then nothing is replayed, and chats are not told as new.
  const variables = () => (cursors.size === 0 ? {} : { after: [...cursors.values()] });
  return follow<Followed>(client, query, cursors, variables, listener);
};

const follow = <Followed extends Event>(
  client: Pick<Client, 'subscribe'>,
  query: string,
  cursors: Map<string, string>,
  variablesNow: () => Record<string, unknown>,
  { onEvent, onEnded }: Listener<Followed>,
): Following => {
  let isOver = false;
  let unsubscribe = () => {};
  let again: ReturnType<typeof setTimeout> | undefined;

  const end = (code: string, reason: string) => {
    if (isOver) return;
    isOver = true;
    onEnded(code, reason);
  };

  const begin = () => {
    const variables = variablesNow();
    let isLeft = false;

    /** From the last cursor. Whatever this one still brings does not count. */
    const beginAgain = (wait: number) => {
      isLeft = true;
      unsubscribe();
      if (!isOver) again = setTimeout(begin, wait);
    };

    const take = (event: Followed) => {
      if (event.cursor !== undefined && event.chatId !== undefined) cursors.set(event.chatId, event.cursor);
      if (event.__typename === 'ChatRemoved') cursors.delete(event.chatId!);
      Object.assign(variables, variablesNow());
      if (event.__typename !== 'SubscriptionEnded') return onEvent(event);
      // After these the socket goes, and its successor subscribes again.
      if (event.code === 'SIGNED_OUT' || event.code === 'SHUTTING_DOWN') return;
      if (event.code === 'TOO_SLOW') beginAgain(0);
      else end(event.code ?? '', event.reason ?? '');
    };

    unsubscribe = client.subscribe<Record<string, Followed>>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (isLeft) return;
          const wait = retryAfterMs(errors);
          if (wait !== null) return beginAgain(wait); // it could not be read whole
          const event = Object.values(data ?? {})[0];
          if (event) take(event);
          else if (errors) end(String(errors[0]?.extensions?.code), errors[0]?.message ?? '');
        },
        error: (error) => {
          const wait = retryAfterMs(error);
          if (wait === null) end(...reasonOf(error));
          else beginAgain(wait);
        },
        complete: () => {
          if (!isLeft) end('COMPLETE', 'The server completed it');
        },
      },
    );
  };

  begin();
  return {
    cursors,
    stop: () => {
      isOver = true;
      clearTimeout(again);
      unsubscribe();
    },
  };
};

/** Of a refusal, or of the socket's close. */
const reasonOf = (error: unknown): [code: string, reason: string] => {
  const first = (Array.isArray(error) ? error[0] : error) as {
    message?: string;
    reason?: string;
    code?: number;
    extensions?: { code?: string };
  } | null;
  return [String(first?.extensions?.code ?? first?.code ?? 'ERROR'), first?.message ?? first?.reason ?? String(error)];
};
