/** What an operation asks for, for the log: names of the schema, never of the client. */
import { getOperationAST, Kind, type DocumentNode } from 'graphql';

/** Fields in fragments are not looked for. */
export const rootFieldsOf = (document: DocumentNode, operationName?: string | null): string[] =>
  getOperationAST(document, operationName)?.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.FIELD ? [selection.name.value] : [],
  ) ?? [];
