import { createConnection } from '@parley-chat/client/connection';
import { createSession } from '@parley-chat/client/session';
import type { Client } from 'graphql-ws';
import { useSyncExternalStore } from 'react';

const url = new URL((import.meta.env.VITE_PARLEY_URL as string | undefined) ?? 'http://localhost:4000/graphql');

/** Who is signed in: over reloads, and in all tabs. Whoever is signed out begins with an empty page. */
export const session = createSession({
  url: url.href,
  storage: () => localStorage,
  onSignedOut: () => location.reload(),
});

let state: 'connected' | 'away' = 'away';
const listeners = new Set<() => void>();

/** One socket for everything. It comes back by itself, with a fresh token. */
export const connect = (): Client =>
  createConnection({
    url: url.href.replace('http', 'ws'),
    accessToken: session.accessToken,
    onRefused: () => void session.signOut(),
    onState: (now) => {
      state = now;
      for (const listener of listeners) listener();
    },
  });

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useConnectionState = () => useSyncExternalStore(subscribe, () => state);
