/**
 * How Apollo's cache keeps a message's content. A query answered before an event may be written after it, so the event's content
 * is kept separately, and read if it is the newer one.
 */
import type { ApolloCache, FieldFunctionOptions, FieldPolicy } from '@apollo/client';
import type { DocumentNode } from 'graphql';
import { field, name, named, selection } from './ast.js';

export interface Edit {
  text: string | null;
  /** The JSON text of the time: a later time compares greater. */
  editedAt: string;
}

type ReadField = FieldFunctionOptions['readField'];

const lastEditOf = (readField: ReadField) => readField<Edit>('lastEdit');

const lastEdit: FieldPolicy<Edit> = {
  merge: (existing, incoming) => (existing && existing.editedAt > incoming.editedAt ? existing : incoming),
};

export const messageFields = {
  // A deletion is final.
  isDeleted: { merge: (existing: boolean | undefined, incoming: boolean) => existing || incoming },
  text: {
    read: (text: string | null | undefined, { readField }: FieldFunctionOptions) => {
      if (readField('isDeleted') === true) return null;
      const edit = lastEditOf(readField);
      return edit && readField('editedAt') === edit.editedAt ? edit.text : text;
    },
  },
  editedAt: {
    read: (editedAt: string | null | undefined, { readField }: FieldFunctionOptions) => {
      if (editedAt === undefined) return undefined;
      const edit = lastEditOf(readField);
      return edit && edit.editedAt > (editedAt ?? '') ? edit.editedAt : editedAt;
    },
  },
  isEdited: {
    read: (isEdited: boolean | undefined, { readField }: FieldFunctionOptions) =>
      isEdited === false && lastEditOf(readField) ? true : isEdited,
  },
  lastEdit,
};

export const keepEdit = (
  cache: ApolloCache,
  message: { id: string; text?: string | null; editedAt?: string | null },
): void => {
  const { id, text = null, editedAt } = message;
  if (editedAt) writeMessage(cache, id, EDIT, { lastEdit: { text, editedAt } });
};

/** Works for a message that is not in the cache yet, too. */
export const keepDeleted = (cache: ApolloCache, id: string): void =>
  writeMessage(cache, id, DELETED, { isDeleted: true, text: null });

const writeMessage = (cache: ApolloCache, id: string, fragment: DocumentNode, data: object) =>
  void cache.writeFragment({
    id: cache.identify({ __typename: 'Message', id }),
    fragment,
    data: { __typename: 'Message', id, ...data },
  });

const fragmentOf = (...fields: string[]): DocumentNode => ({
  kind: 'Document' as never,
  definitions: [
    {
      kind: 'FragmentDefinition' as never,
      name: name(`Parley_${fields[0]}`),
      typeCondition: named('Message'),
      selectionSet: selection(...['__typename', 'id', ...fields].map((one) => field(one))),
    },
  ],
});

const EDIT = fragmentOf('lastEdit');
const DELETED = fragmentOf('isDeleted', 'text');
