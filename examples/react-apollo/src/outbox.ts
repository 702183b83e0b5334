import { useRef, useState } from 'react';

/** A message that the server has not answered yet, or has refused. */
export interface Draft {
  chatId: string;
  text: string;
  /** Made once and kept, so that the server takes it once, however often it is sent. */
  clientMessageId: string;
  /** Why it was refused. */
  refusal?: string;
}

/** @param send answers null, or why it was refused */
export const useOutbox = (send: (draft: Draft) => Promise<string | null>) => {
  const [drafts, setDrafts] = useState<readonly Draft[]>([]);
  /** One after the other, in the order in which they were written. */
  const queue = useRef(Promise.resolve());

  const without = ({ clientMessageId }: Draft, all: readonly Draft[]) =>
    all.filter((one) => one.clientMessageId !== clientMessageId);

  const deliver = (draft: Draft) => {
    setDrafts((all) => [...without(draft, all), draft]);
    queue.current = queue.current.then(async () => {
      const refusal = await send(draft).catch((error: unknown) => String(error));
      setDrafts((all) => (refusal === null ? without(draft, all) : [...without(draft, all), { ...draft, refusal }]));
    });
  };

  return {
    drafts,
    add: (chatId: string, text: string) => deliver({ chatId, text, clientMessageId: crypto.randomUUID() }),
    retry: ({ refusal: _, ...draft }: Draft) => deliver(draft),
  };
};

export type Outbox = ReturnType<typeof useOutbox>;
