/** How the server ends everything that one socket, or one request over Server-Sent Events, carries. */

/** Codes after which a client reconnects by itself: with a new token, or to another node. */
export type ServerEndCode = 'SIGNED_OUT' | 'SHUTTING_DOWN';

export type EndListener = (code: ServerEndCode, reason: string) => void;

/** The part that streams see. */
export interface Ending {
  /**
   * Calls `listener` once, when the server ends this socket or request; at once if it has already ended.
   *
   * @returns stops listening
   */
  onEnd(listener: EndListener): () => void;
}

/** The part that the server controls. */
export interface EndingControl extends Ending {
  /** Calls every listener before it returns. Only the first call counts. */
  end(code: ServerEndCode, reason: string): void;
  readonly hasEnded: boolean;
}

export const createEnding = (): EndingControl => {
  const listeners = new Set<EndListener>();
  let end: Parameters<EndListener> | undefined;

  return {
    onEnd: (listener) => {
      if (end !== undefined) {
        listener(...end);
        return () => undefined;
      }
      // The same function may be registered for several streams.
      const own: EndListener = (code, reason) => listener(code, reason);
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    end: (code, reason) => {
      if (end !== undefined) return;
      end = [code, reason];
      const those = [...listeners];
      listeners.clear();
      for (const listener of those) listener(code, reason);
    },
    get hasEnded() {
      return end !== undefined;
    },
  };
};
