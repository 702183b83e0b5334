/** Which operations are answered whatever credential came with them. */
import { getOperationAST, Kind, OperationTypeNode, type DocumentNode, type SelectionSetNode } from 'graphql';

const NEEDS_NONE = new Set(['register', 'logIn', 'refreshSession', '__typename']);

/**
 * Whether the operation ignores the request's credential: clients attach an expired one, which must not keep its owner from a
 * new one.
 *
 * @param operationName as it came; null or undefined where the document holds one operation
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
    // A fragment that holds itself is refused later; until then it must not be followed for ever.
    if (seen.has(name)) return [];
    seen.add(name);
    const fragment = document.definitions.find(
      (definition) => definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? rootFieldsOf(document, fragment.selectionSet, seen) : [];
  });
