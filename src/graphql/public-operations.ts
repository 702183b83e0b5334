/** Operations that ignore the request's credential. */
import { getOperationAST, Kind, OperationTypeNode, type DocumentNode, type SelectionSetNode } from 'graphql';

const NEEDS_NONE = new Set(['register', 'logIn', 'refreshSession', '__typename']);

/**
 * Whether the operation ignores the request's credential: clients attach an expired one, which must not prevent its owner from
 * getting a new one.
 *
 * @param operationName as received; null or undefined if the document has only one operation
 */
export const needsNoCredential = (document: DocumentNode, operationName: string | null | undefined): boolean => {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== OperationTypeNode.MUTATION) return false;
  const names = rootFieldsOf(document, operation.selectionSet, new Set());
  return names.length > 0 && names.every((name) => NEEDS_NONE.has(name));
};

const rootFieldsOf = (document: DocumentNode, { selections }: SelectionSetNode, seen: Set<string>): string[] =>
  selections.flatMap((selection) => {
    if (selection.kind === Kind.FIELD) return [selection.name.value];
    if (selection.kind === Kind.INLINE_FRAGMENT) return rootFieldsOf(document, selection.selectionSet, seen);
    const name = selection.name.value;
    // A fragment that contains itself is refused later; here it must not cause an endless loop.
    if (seen.has(name)) return [];
    seen.add(name);
    const fragment = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? rootFieldsOf(document, fragment.selectionSet, seen) : [];
  });
