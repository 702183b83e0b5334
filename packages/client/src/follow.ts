/**
 * Follows one chat (`chatEvents`) or all of a user's (`events`) without losing or doubling anything, over any number of sockets.
 *
 * graphql-ws subscribes again by itself after each loss, with the very object of variables that it was given first. So `after` in
 * it is read from the last cursors each time: left as it was, it would leave a silent hole.
 */
import type { Client } from 'graphql-ws';
import { requireAfter } from './document.js';
import { retryAfterMs } from './refusal.js';
import { call } from './report.js';

/** What is looked at here. Select it in the subscription: `__typename` of every event, and these where an event has them. */
interface Event {
  __typename?: string;
  cursor?: string;
  chatId?: string;
  code?: string;
  reason?: string;
  /** Of ChatAdded, where it has no `chatId` and `cursor` of its own. */
  chat?: unknown;
}

interface Listener<Followed> {
  /**
   * Every event, these included: ResyncRequired, for what is known of that chat has to be queried again, while live events go on.
   * What it throws is reported (in browsers as an uncaught error, in Node on the console), and the next event comes all the same. Its promise is not waited for.
   */
  onEvent: (event: Followed) => unknown;
  /** It will not go on: REMOVED, CHAT_GONE, TAKEN_OVER, the code of an error, or that of the socket's close. */
  onEnded: (code: string, reason: string) => unknown;
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
  /** `subscription ($after: [Cursor!]) { events(after: $after) { … on ChatAdded { chatId cursor } … } }` */
  query: string;
  /**
   * By the chat's id, of the chats as they were queried. Every other chat is told as added, with an empty map each of them. Of more
   * than 2,000 the last ones count. Null: from now on; nothing is replayed, and no chat is told as added that is there already.
   */
  after: ReadonlyMap<string, string> | null;
}

export interface Following {
  /**
   * Keep them with what was made of the events, to go on from there after a reload. By the chat's id; the chat that moved last is
   * the last. An event's own cursor is among them once `onEvent` has returned.
   */
  readonly cursors: ReadonlyMap<string, string>;
  stop(): void;
}

/** @throws Error where the document does not use `$after` */
export const followChat = <Followed extends Event>({
  client,
  query,
  chatId,
  after,
  ...listener
}: FollowChatOptions<Followed>): Following => {
  requireAfter(query, 'chatEvents');
  const cursors = new Map(after === null ? [] : [[chatId, after]]);
  const variables = {
    chatId,
    get after() {
      return cursors.get(chatId) ?? null;
    },
  };
  return follow({ client, query, variables, cursors, isFromNow: after === null, readyType: 'ChatReady', ...listener });
};

/** @throws Error where the document does not use `$after` */
export const followAll = <Followed extends Event>({
  client,
  query,
  after,
  ...listener
}: FollowAllOptions<Followed>): Following => {
  requireAfter(query, 'events');
  const cursors = new Map(after ?? []);
  const variables = {
    // Empty rather than absent: so every chat without a cursor is told as added, and brings its cursor.
    get after() {
      return [...cursors.values()].slice(-MAX_CURSORS);
    },
  };
  return follow({
    client,
    query,
    variables,
    cursors,
    isFromNow: after === null,
    readyType: 'ViewerReady',
    ...listener,
  });
};

/** More the server does not take. */
const MAX_CURSORS = 2000;

interface FollowOptions<Followed> extends Listener<Followed> {
  client: Pick<Client, 'subscribe'>;
  query: string;
  /** Read each time it is subscribed. */
  variables: Record<string, unknown>;
  cursors: Map<string, string>;
  /** Until it is ready for the first time: of chats that are there already only the cursors are of interest. */
  isFromNow: boolean;
  /** After what is replayed. */
  readyType: 'ChatReady' | 'ViewerReady';
}

const follow = <Followed extends Event>({
  client,
  query,
  variables,
  cursors,
  isFromNow,
  readyType,
  onEvent,
  onEnded,
}: FollowOptions<Followed>): Following => {
  let isOver = false;
  let unsubscribe = () => {};
  let again: ReturnType<typeof setTimeout> | undefined;
  /** Chats whose cursors the server would not take, and what it said. */
  let refused = new Set<string>();
  let refusal = '';

  const end = (code: string, reason: string) => {
    if (isOver) return;
    isOver = true;
    call(onEnded, code, reason);
  };

  const tell = (event: Followed) => {
    if (!isOver) call(onEvent, event);
  };

  /** Before what follows them live: what is known of these chats has to be queried again. */
  const tellRefused = () => {
    for (const chatId of refused) tell({ __typename: 'ResyncRequired', chatId, reason: refusal } as Followed);
    refused = new Set();
  };

  const takeEvent = (event: Followed) => {
    const { __typename: type } = event;
    const [chatId, cursor] = placeOf(event);
    if (type === readyType) {
      isFromNow = false;
      tellRefused();
    }
    if (type !== 'ChatAdded' || !(isFromNow || refused.has(chatId ?? ''))) tell(event);
    if (chatId === undefined) return;
    if (type === 'ChatRemoved') cursors.delete(chatId);
    if (cursor === undefined) return;
    cursors.delete(chatId); // so that it is the last one
    cursors.set(chatId, cursor);
  };

  const begin = () => {
    let isLeft = false;

    /** From the last cursor. Whatever this one still brings does not count. */
    const beginAgain = (wait: number) => {
      isLeft = true;
      unsubscribe();
      if (!isOver) again = setTimeout(begin, wait);
    };

    const take = (event: Followed) => {
      if (event.__typename !== 'SubscriptionEnded') return takeEvent(event);
      // After these the socket goes, and its successor subscribes again.
      if (event.code === 'SIGNED_OUT' || event.code === 'SHUTTING_DOWN') return;
      if (event.code === 'TOO_SLOW') beginAgain(0);
      else end(event.code ?? '', event.reason ?? '');
    };

    const fail = (error: unknown) => {
      const wait = retryAfterMs(error);
      if (wait !== null) return beginAgain(wait);
      const [code, reason] = reasonOf(error);
      // One that was kept may be another server's, or spoilt. Without them it can go on, and does not lose without a word.
      if (code === 'BAD_USER_INPUT' && cursors.size > 0) {
        refused = new Set(cursors.keys());
        refusal = reason;
        cursors.clear();
        return beginAgain(0);
      }
      end(code, reason);
    };

    unsubscribe = client.subscribe<Record<string, Followed>>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (isLeft || isOver) return;
          const wait = retryAfterMs(errors);
          if (wait !== null) return beginAgain(wait); // it could not be read whole
          const event = Object.values(data ?? {})[0];
          if (event) take(event);
          else if (errors) fail(errors);
        },
        error: (error) => {
          if (!isLeft) fail(error);
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

const placeOf = ({ __typename: type, chatId, cursor, chat }: Event): [chatId?: string, cursor?: string] => {
  if (type !== 'ChatAdded' || chatId !== undefined) return [chatId, cursor];
  const { id, cursor: head } = (chat ?? {}) as { id?: string; cursor?: string };
  return [id, head];
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
