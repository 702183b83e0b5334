/**
 * The variables that decide what a subscription's results look like: all but those that are used only in the arguments of its root
 * field, which decide what events there are.
 */
import {
  Kind,
  visit,
  type ASTNode,
  type DocumentNode,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql';

export const variablesBelowRoot = (document: DocumentNode, operation: OperationDefinitionNode): string[] => {
  const names = new Set<string>();
  const seen = new Set<string>();

  const fragmentOf = (name: string): FragmentDefinitionNode | undefined =>
    document.definitions.find(
      (definition): definition is FragmentDefinitionNode =>
        definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name,
    );

  /** Everything in it, with all fragments that it leads to. */
  const collect = (node: ASTNode) => {
    visit(node, {
      Variable: ({ name }) => void names.add(name.value),
      FragmentSpread: ({ name }) => {
        if (seen.has(name.value)) return;
        seen.add(name.value);
        const fragment = fragmentOf(name.value);
        if (fragment !== undefined) collect(fragment);
      },
    });
  };

  const collectRoot = ({ selections }: SelectionSetNode) => {
    for (const selection of selections) {
      for (const directive of selection.directives ?? []) collect(directive);
      if (selection.kind === Kind.FIELD) {
        if (selection.selectionSet !== undefined) collect(selection.selectionSet);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        collectRoot(selection.selectionSet);
      } else {
        const fragment = fragmentOf(selection.name.value);
        // A valid document has no fragment within itself.
        if (fragment !== undefined) collectRoot(fragment.selectionSet);
      }
    }
  };

  for (const directive of operation.directives ?? []) collect(directive);
  collectRoot(operation.selectionSet);
  return [...names].sort();
};
