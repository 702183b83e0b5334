/** How the server ends what one socket, or one request over Server-Sent Events, carries. */

/** What a client comes back from by itself: with a new token, or to another node. */
export type ServerEndCode = 'SIGNED_OUT' | 'SHUTTING_DOWN';

export type EndListener = (code: ServerEndCode, reason: string) => void;

/** What streams see of it. */
export interface Ending {
  /**
   * Calls `listener` once, when the server ends what this carries; at once if it has already.
   *
   * @returns stops listening
   */
  onEnd(listener: EndListener): () => void;
}

/** What the server holds of it. */
export interface EndingControl extends Ending {
  /** Tells every listener before it returns. Only the first call counts. */
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
      // One function may listen for several streams.
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
