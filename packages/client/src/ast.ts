/** Parts of documents written out, so that nobody has to ship a parser for them. */
import type {
  FieldNode,
  InlineFragmentNode,
  NamedTypeNode,
  NameNode,
  SelectionNode,
  SelectionSetNode,
  VariableNode,
} from 'graphql';

// Its kinds are an enum, which is code; these are but types.
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
