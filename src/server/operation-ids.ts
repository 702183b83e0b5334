/**
 * The ids by which a client tells its operations apart on one socket. An id is free again as soon as its operation is over: told
 * so by the client, or by us. graphql-ws lets go of it later, once all of the operation has come to its end; one that is begun
 * meanwhile with the same id would get the old one's `complete` and never its result (or be refused). So each operation has
 * a number of its own towards graphql-ws, the client's id is put in its place on the way out, and what still
 * comes of an operation that is over stays here.
 */
import { CloseCode } from 'graphql-ws';

const MAX_ID_LENGTH = 256;
const MAX_REASON_BYTES = 123;

export interface OperationIds {
  /** The client's id of an operation that is not over. */
  clientIdOf(number: string): string | undefined;
  /**
   * A message of the client's, as graphql-ws shall see it: parsed, or as it is where it is none of the protocol.
   *
   * @returns null where the socket was closed because of it
   */
  hear(text: string): object | string | null;
  /** A message for the client; null where its operation is over. */
  tell(text: string): string | null;
}

interface ClientMessage {
  id?: unknown;
  type?: unknown;
  payload?: unknown;
}

/** @param close closes the socket: the client broke a rule */
export const createOperationIds = (close: (code: number, reason: string) => void): OperationIds => {
  const numbers = new Map<string, string>();
  const clientIds = new Map<string, string>();
  let last = 0;

  const free = (number: string) => {
    numbers.delete(clientIds.get(number)!);
    clientIds.delete(number);
  };

  const subscribe = (id: string): string | null => {
    if (id.length > MAX_ID_LENGTH) {
      close(CloseCode.BadRequest, `An operation id is at most ${MAX_ID_LENGTH} characters long`);
      return null;
    }
    if (numbers.has(id)) {
      const reason = `Subscriber for ${id} already exists`;
      const isShort = Buffer.byteLength(reason) <= MAX_REASON_BYTES;
      close(CloseCode.SubscriberAlreadyExists, isShort ? reason : 'Subscriber for this id already exists');
      return null;
    }
    const number = String(++last);
    numbers.set(id, number);
    clientIds.set(number, id);
    return number;
  };

  const complete = (id: string): string => {
    const number = numbers.get(id);
    // Nothing has this number: of one that is over already there is nothing left to end.
    if (number === undefined) return '0';
    free(number);
    return number;
  };

  return {
    clientIdOf: (number) => clientIds.get(number),

    hear: (text) => {
      const message = parse(text);
      const { id, type } = message ?? {};
      // What is no message of the protocol graphql-ws refuses.
      if (typeof id !== 'string' || id === '' || (type !== 'subscribe' && type !== 'complete')) return text;
      const number = type === 'subscribe' ? subscribe(id) : complete(id);
      return number === null ? null : { ...withQuery(message!), id: number };
    },

    tell: (text) => {
      // As graphql-ws writes what is about an operation: its id first.
      const [start, number, type] = /^\{"id":"(\d+)","type":"(\w+)"/.exec(text) ?? [];
      if (start === undefined || number === undefined) return text;
      const id = clientIds.get(number);
      if (id === undefined) return null;
      if (type !== 'next') free(number);
      return `{"id":${JSON.stringify(id)},"type":"${type}"${text.slice(start.length)}`;
    },
  };
};

/** graphql-ws wants a query; an operation that is named by its hash (`persisted-queries.ts`) need not bring one. */
const withQuery = (message: ClientMessage): ClientMessage => {
  const payload = message.payload as { query?: unknown; extensions?: unknown } | null | undefined;
  if (!payload?.extensions || payload.query !== undefined) return message;
  return { ...message, payload: { ...payload, query: '' } };
};

const parse = (text: string): ClientMessage | null => {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : null;
  } catch {
    return null;
  }
};
