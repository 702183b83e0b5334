import { useEffect, useState } from 'react';
import type { EventsSubscription } from './operations';

interface Typist {
  name: string;
  until: number;
}

/** By the chat's id: who types there. */
export type Typing = Readonly<Record<string, Typist | undefined>>;

/** What an event makes of it. Whoever has sent a message types no longer. */
export const typingAfter = (typing: Typing, event: EventsSubscription['events']): Typing => {
  if (event.__typename === 'MessageSent') return { ...typing, [event.chat.id]: undefined };
  if (event.__typename !== 'TypingChanged') return typing;
  const { chatId, isTyping, expiresAt, user } = event;
  const typist = { name: user.firstName || user.username, until: Date.parse(expiresAt ?? '') };
  return { ...typing, [chatId]: isTyping ? typist : undefined };
};

/** Without those whose time is over: that they have stopped may never be told. */
export const useCurrent = (typing: Typing): Typing => {
  const [now, setNow] = useState(Date.now);
  const next = Math.min(...Object.values(typing).flatMap((typist) => (typist ? [typist.until] : [])));
  useEffect(() => {
    if (next === Infinity) return;
    const timer = setTimeout(() => setNow(Date.now()), Math.max(0, next - Date.now()) + 1);
    return () => clearTimeout(timer);
  }, [next, now]);
  return Object.fromEntries(Object.entries(typing).filter(([, typist]) => typist && typist.until > now));
};
