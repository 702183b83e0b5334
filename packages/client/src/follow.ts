/**
 * Follows one chat (`chatEvents`) or all of a user's (`events`) without losing or duplicating events, over any number of sockets.
 *
 * graphql-ws resubscribes by itself after each loss, with the very variables object that it was first given. So `after` in that
 * object is a getter that reads the latest cursors: a fixed value would leave a silent gap.
 */
import type { Client } from 'graphql-ws';
import { requireAfter } from './document.js';
import { retryAfterMs } from './refusal.js';
import { call } from './report.js';

/** The fields that following uses. Select them in the subscription: `__typename` of every event, and these if an event has them. */
interface Event {
  __typename?: string;
  cursor?: string;
  chatId?: string;
  code?: string;
  reason?: string;
  /** Of ChatAdded, if it has no `chatId` and `cursor` of its own. */
  chat?: unknown;
}

interface Listener<Followed> {
  /**
   * Receives every event, including those that following handles itself. On ResyncRequired, query that chat again; live events
   * continue meanwhile. If it throws, the error is reported (in browsers as an uncaught error, in Node on the console), and the next
   * event is delivered anyway. A returned promise is not awaited.
   */
  onEvent: (event: Followed) => unknown;
  /** Following has ended for good: REMOVED, CHAT_GONE, TAKEN_OVER, an error's code, or the socket's close code. */
  onEnded: (code: string, reason: string) => unknown;
}

export interface FollowChatOptions<Followed> extends Listener<Followed> {
  client: Pick<Client, 'subscribe'>;
  /** `subscription ($chatId: ID!, $after: Cursor) { chatEvents(chatId: $chatId, after: $after) { … } }` */
  query: string;
  chatId: string;
  /** The chat's cursor as it was queried or stored: `chat { cursor }`. Null: nothing is replayed. */
  after: string | null;
}

export interface FollowAllOptions<Followed> extends Listener<Followed> {
  client: Pick<Client, 'subscribe'>;
  /** `subscription ($after: [Cursor!]) { events(after: $after) { … on ChatAdded { chatId cursor } … } }` */
  query: string;
  /**
   * The queried chats' cursors, by chat id. Every other chat is delivered as ChatAdded: with an empty map, every chat. Of more than
   * 2,000 cursors the last ones count. Null: from now on; nothing is replayed, and existing chats are not delivered as ChatAdded.
   */
  after: ReadonlyMap<string, string> | null;
}

export interface Following {
  /**
   * The current cursors, by chat id; the chat that moved last comes last. Store them with the state you build from the events, to
   * resume from there after a reload. An event's own cursor is included once `onEvent` has returned.
   */
  readonly cursors: ReadonlyMap<string, string>;
  stop(): void;
}

/** Follows one chat. @throws Error if the document does not use `$after` */
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

/** Follows all of the user's chats. @throws Error if the document does not use `$after` */
export const followAll = <Followed extends Event>({
  client,
  query,
  after,
  ...listener
}: FollowAllOptions<Followed>): Following => {
  requireAfter(query, 'events');
  const cursors = new Map(after ?? []);
  const variables = {
    // Empty rather than absent: every chat without a cursor is then delivered as ChatAdded, which brings its cursor.
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

/** The server accepts no more. */
const MAX_CURSORS = 2000;

interface FollowOptions<Followed> extends Listener<Followed> {
  client: Pick<Client, 'subscribe'>;
  query: string;
  /** Read on each subscribe. */
  variables: Record<string, unknown>;
  cursors: Map<string, string>;
  /** Until the first Ready event: of existing chats, only the cursors are used. */
  isFromNow: boolean;
  /** Delivered after the replay. */
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
  /** Chats whose cursors the server refused, and its message. */
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

  /** Delivered before their live events: these chats have to be queried again. */
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
    cursors.delete(chatId); // so that it moves to the end
    cursors.set(chatId, cursor);
  };

  const begin = () => {
    let isLeft = false;

    /** Subscribes again from the last cursors. Anything that the old subscription still delivers is ignored. */
    const beginAgain = (wait: number) => {
      isLeft = true;
      unsubscribe();
      if (!isOver) again = setTimeout(begin, wait);
    };

    const take = (event: Followed) => {
      if (event.__typename !== 'SubscriptionEnded') return takeEvent(event);
      // After these the socket closes, and graphql-ws subscribes again on the next one.
      if (event.code === 'SIGNED_OUT' || event.code === 'SHUTTING_DOWN') return;
      if (event.code === 'TOO_SLOW') beginAgain(0);
      else end(event.code ?? '', event.reason ?? '');
    };

    const fail = (error: unknown) => {
      const wait = retryAfterMs(error);
      if (wait !== null) return beginAgain(wait);
      const [code, reason] = reasonOf(error);
      // A stored cursor may be another server's, or damaged. Following continues without them, and reports the loss.
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
          if (wait !== null) return beginAgain(wait); // it could not be read completely
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

/** From a refusal, or from the socket's close. */
const reasonOf = (error: unknown): [code: string, reason: string] => {
  const first = (Array.isArray(error) ? error[0] : error) as {
    message?: string;
    reason?: string;
    code?: number;
    extensions?: { code?: string };
  } | null;
  return [String(first?.extensions?.code ?? first?.code ?? 'ERROR'), first?.message ?? first?.reason ?? String(error)];
};
