/**
 * The operation ids of one socket's client. An id is free again as soon as its operation is over, ended by the client or by the
 * server. graphql-ws frees it later, once the operation has wound up; a new operation with the same id would meanwhile get the
 * old one's `complete` and never its result (or be refused). So each operation has its own number towards graphql-ws. On the way
 * out the number is replaced by the client's id, and messages of operations that are over are dropped.
 */
import { CloseCode } from 'graphql-ws';

const MAX_ID_LENGTH = 256;
const MAX_REASON_BYTES = 123;

export interface OperationIds {
  /** The client's id of an operation, unless it is over. */
  clientIdOf(number: string): string | undefined;
  /**
   * Translates a client's message for graphql-ws: parsed, or unchanged if it is not one of the protocol.
   *
   * @returns null if the socket was closed because of the message
   */
  hear(text: string): object | string | null;
  /** Translates a message for the client; null if its operation is over. */
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
    // No operation has this number: one that is already over cannot be ended again.
    if (number === undefined) return '0';
    free(number);
    return number;
  };

  return {
    clientIdOf: (number) => clientIds.get(number),

    hear: (text) => {
      const message = parse(text);
      const { id, type } = message ?? {};
      // graphql-ws refuses messages that are not of the protocol.
      if (typeof id !== 'string' || id === '' || (type !== 'subscribe' && type !== 'complete')) return text;
      const number = type === 'subscribe' ? subscribe(id) : complete(id);
      return number === null ? null : { ...withQuery(message!), id: number };
    },

    tell: (text) => {
      // graphql-ws writes messages about operations with the id first.
      const [start, number, type] = /^\{"id":"(\d+)","type":"(\w+)"/.exec(text) ?? [];
      if (start === undefined || number === undefined) return text;
      const id = clientIds.get(number);
      if (id === undefined) return null;
      if (type !== 'next') free(number);
      return `{"id":${JSON.stringify(id)},"type":"${type}"${text.slice(start.length)}`;
    },
  };
};

/** graphql-ws requires a query; an operation named by its hash (`persisted-queries.ts`) may have none. */
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
