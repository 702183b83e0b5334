/**
 * Caches parsed documents, so that none is parsed or validated twice. A parsed document takes about 200 bytes for each character
 * of its text, and a client needs no account to send ever new ones, so the total length of their texts is bounded.
 */
import type { DocumentNode } from 'graphql';

export interface DocumentCache {
  get(text: string): DocumentNode | undefined;
  set(text: string, document: DocumentNode): void;
}

/** Apps send a few dozen documents, of one to five thousand characters each. */
const MAX_CHARACTERS = 256 * 1024;

/** @param mostCharacters beyond it the least recently used are dropped; a document longer than an eighth of it is not cached */
export const createDocumentCache = (mostCharacters = MAX_CHARACTERS): DocumentCache => {
  /** Most recently used last. */
  const documents = new Map<string, DocumentNode>();
  let characters = 0;

  const drop = (text: string) => {
    if (documents.delete(text)) characters -= text.length;
  };

  return {
    get: (text) => {
      const document = documents.get(text);
      if (document === undefined) return undefined;
      documents.delete(text);
      documents.set(text, document);
      return document;
    },
    set: (text, document) => {
      drop(text);
      if (text.length > mostCharacters / 8) return;
      documents.set(text, document);
      characters += text.length;
      while (characters > mostCharacters) drop(documents.keys().next().value!);
    },
  };
};
