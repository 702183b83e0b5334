/**
 * Documents that were parsed, so that the same one is neither parsed nor validated again. Parsed, one takes some 200 bytes for each
 * character of its text, and whoever sends others all the time needs no account: so it is their texts' length in all that is bounded.
 */
import type { DocumentNode } from 'graphql';

export interface DocumentCache {
  get(text: string): DocumentNode | undefined;
  set(text: string, document: DocumentNode): void;
}

/** What apps ask for comes to some tens of documents, of one to five thousand characters. */
const MAX_CHARACTERS = 256 * 1024;

/** @param mostCharacters whatever was not used for the longest time goes first; what is longer by itself than an eighth is not kept */
export const createDocumentCache = (mostCharacters = MAX_CHARACTERS): DocumentCache => {
  /** Those used last at the end. */
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
