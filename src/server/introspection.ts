/** Disables introspection on every transport. */
import { getNamedType, GraphQLError, isIntrospectionType, type ASTVisitor, type ValidationContext } from 'graphql';
import type { Plugin } from 'graphql-yoga';

export const withoutIntrospection: Plugin<object> = {
  onValidate: ({ addValidationRule }) => addValidationRule(refuseIntrospection),
};

/** Like graphql-js' own rule, but names the setting, and reports once a document rather than once a field: tools query dozens. */
const refuseIntrospection = (context: ValidationContext): ASTVisitor => {
  let isTold = false;
  return {
    Field(node) {
      const type = getNamedType(context.getType());
      if (isTold || !type || !isIntrospectionType(type)) return;
      isTold = true;
      context.reportError(
        new GraphQLError(
          'The schema cannot be read from this server: its operator can allow that by INTROSPECTION=on',
          {
            nodes: node,
          },
        ),
      );
    },
  };
};
