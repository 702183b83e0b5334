/** Where a session is stored, and how it learns of changes in other tabs. */
import { report } from './report.js';

/** The part of `localStorage` that is used. */
export interface SessionStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface Stored {
  user: { id: string; username: string };
  accessToken: string;
  refreshToken: string;
  /** By the local clock, as `Date.now()`: when to renew the access token, and when it expires. */
  renewAt: number;
  endsAt: number;
}

export interface SessionStore {
  read(): Stored | null;
  write(stored: Stored | null): void;
  dispose(): void;
}

export interface SessionStoreOptions {
  storage: SessionStorage | (() => SessionStorage) | undefined;
  name: string;
  /** Called when another tab has written. */
  onChange: () => void;
}

/** The parts of the global object that a browser has, and Node may lack. */
interface Page {
  addEventListener?(type: 'storage', listener: (event: { key: string | null }) => void): void;
  removeEventListener?(type: 'storage', listener: (event: { key: string | null }) => void): void;
}

export const createSessionStore = ({ storage: given, name, onChange }: SessionStoreOptions): SessionStore => {
  let storage = storageOf(given) ?? inMemory();
  const page = globalThis as Page;
  // Null: the whole storage was cleared.
  const onStorage = ({ key }: { key: string | null }) => {
    if (key === name || key === null) onChange();
  };
  page.addEventListener?.('storage', onStorage);

  return {
    read: () => {
      try {
        const stored = JSON.parse(storage.getItem(name) ?? 'null') as Stored | null;
        return typeof stored?.refreshToken === 'string' && typeof stored.user?.id === 'string' ? stored : null;
      } catch {
        return null; // not ours
      }
    },
    write: (stored) => {
      try {
        if (stored === null) storage.removeItem(name);
        else storage.setItem(name, JSON.stringify(stored));
      } catch (error) {
        // Full, or disabled. The user stays signed in until the reload.
        report(error);
        storage = inMemory();
        if (stored !== null) storage.setItem(name, JSON.stringify(stored));
      }
    },
    dispose: () => page.removeEventListener?.('storage', onStorage),
  };
};

const storageOf = (given: SessionStoreOptions['storage']): SessionStorage | undefined => {
  try {
    return typeof given === 'function' ? given() : given;
  } catch {
    return undefined;
  }
};

const inMemory = (): SessionStorage => {
  const items = new Map<string, string>();
  return {
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => void items.set(name, value),
    removeItem: (name) => void items.delete(name),
  };
};
