/**
 * How graphcache keeps a message's content. A query answered before an event may be written after it, so the event's content is
 * kept separately, and read if it is the newer one.
 */
import type { Cache, Resolver } from '@urql/exchange-graphcache';
import { field, name, named, node, selection } from './ast.js';

const keyOf = (cache: Cache, id: string) => cache.keyOfEntity({ __typename: 'Message', id }) ?? '';

/** Null before the first edit, undefined if it was never selected. */
const editedAtOf = (cache: Cache, message: string) => {
  const editedAt = cache.resolve(message, 'editedAt') as string | null | undefined;
  const edit = lastEditOf(cache, message);
  return edit && editedAt !== undefined && edit.editedAt > (editedAt ?? '') ? edit.editedAt : editedAt;
};

const lastEditOf = (cache: Cache, message: string) => {
  const edit = cache.resolve(message, 'lastEdit');
  if (typeof edit !== 'string') return undefined;
  const editedAt = cache.resolve(edit, 'editedAt') as string;
  return { text: cache.resolve(edit, 'text') as string | null, editedAt };
};

/** A deletion is final. */
const isDeleted = (cache: Cache, message: string) =>
  typeof cache.resolve(message, 'deletedAs') === 'string' || cache.resolve(message, 'isDeleted');

export const messageResolvers: Record<'isDeleted' | 'text' | 'editedAt' | 'isEdited', Resolver> = {
  isDeleted: (_parent, _args, cache, { parentKey }) => isDeleted(cache, parentKey),
  text: (_parent, _args, cache, { parentKey }) => {
    if (isDeleted(cache, parentKey)) return null;
    const edit = lastEditOf(cache, parentKey);
    return edit && editedAtOf(cache, parentKey) === edit.editedAt ? edit.text : cache.resolve(parentKey, 'text');
  },
  editedAt: (_parent, _args, cache, { parentKey }) => editedAtOf(cache, parentKey),
  isEdited: (_parent, _args, cache, { parentKey }) => {
    const isEdited = cache.resolve(parentKey, 'isEdited');
    return isEdited === false && lastEditOf(cache, parentKey) ? true : isEdited;
  },
};

/** Stored as a separate message that is in no list: with a schema, graphcache keeps nothing else. */
export const keepEdit = (
  cache: Cache,
  message: { id: string; text?: string | null; editedAt?: string | null },
): void => {
  const { id, text = null, editedAt } = message;
  const known = lastEditOf(cache, keyOf(cache, id));
  if (!editedAt || (known && known.editedAt > editedAt)) return;
  cache.writeFragment(EDIT, { __typename: 'Message', id: `${id} as edited`, text, editedAt });
  cache.link(keyOf(cache, id), 'lastEdit', keyOf(cache, `${id} as edited`));
};

/** Works for a message that is not in the cache yet, too. */
export const keepDeleted = (cache: Cache, id: string): void =>
  cache.link(keyOf(cache, id), 'deletedAs', keyOf(cache, id));

const EDIT = {
  kind: 'Document',
  definitions: [
    node('FragmentDefinition', {
      name: name('MessageEdit'),
      typeCondition: named('Message'),
      selectionSet: selection(field('__typename'), field('id'), field('text'), field('editedAt')),
    }),
  ],
} as never;
