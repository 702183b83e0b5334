/** Parts of GraphQL documents, written out as AST so that an app need not ship a parser. */
import type {
  FieldNode,
  InlineFragmentNode,
  NamedTypeNode,
  NameNode,
  SelectionNode,
  SelectionSetNode,
  VariableNode,
} from 'graphql';

// The AST's kinds are an enum, and importing it would import code; these are types only.
const node = <Node>(kind: string, parts: object) => ({ kind, ...parts }) as Node;

export const name = (value: string): NameNode => node('Name', { value });
export const field = (of: string): FieldNode => node('Field', { name: name(of) });
export const named = (type: string): NamedTypeNode => node('NamedType', { name: name(type) });
export const variable = (of: string): VariableNode => node('Variable', { name: name(of) });
export const selection = (...selections: SelectionNode[]): SelectionSetNode => node('SelectionSet', { selections });
export const onThe = (type: string, ...selections: SelectionNode[]): InlineFragmentNode =>
  node('InlineFragment', { typeCondition: named(type), selectionSet: selection(...selections) });
export const on = (type: string, ...fields: string[]): InlineFragmentNode => onThe(type, ...fields.map(field));
export { node };
