/** The root fields of an operation, for the log: names from the schema, never from the client. */
import { getOperationAST, Kind, type DocumentNode } from 'graphql';

/** Ignores fields in fragments. */
export const rootFieldsOf = (document: DocumentNode, operationName?: string | null): string[] =>
  getOperationAST(document, operationName)?.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.FIELD ? [selection.name.value] : [],
  ) ?? [];
