/** Validation that stops at the tenth error, shows no value from the document, and suggests no names from a secret schema. */
import {
  getNamedType,
  GraphQLError,
  isInputObjectType,
  Kind,
  validate,
  ValuesOfCorrectTypeRule,
  type DocumentNode,
  type GraphQLSchema,
  type ValidationContext,
  type ValidationRule,
} from 'graphql';
import { expectationOf } from './expectations.js';
import { MAX_ERRORS } from './variables.js';

type Validate = (
  schema: GraphQLSchema,
  document: DocumentNode,
  rules?: readonly ValidationRule[],
) => readonly GraphQLError[];

/** @param isSecret whether clients may not read the schema from the server, and so not from its errors either */
export const createValidation = (isSecret: boolean) => {
  const valuesOfCorrectType = createValuesRule(isSecret);
  // graphql-js adds one more, which says that it stopped.
  const options = { maxErrors: MAX_ERRORS - 1, hideSuggestions: isSecret };
  const validateBriefly: Validate = (schema, document, rules) => {
    const own = rules?.map((rule) => (rule === ValuesOfCorrectTypeRule ? valuesOfCorrectType : rule));
    const errors = validate(schema, document, own, options);
    return isSecret ? errors.map(withoutSuggestion) : errors;
  };
  return {
    onValidate: ({ setValidationFn }: { setValidationFn: (validate: Validate) => void }) =>
      setValidationFn(validateBriefly),
  };
};

/** Strips the suggestions that graphql-js makes despite its options. */
const withoutSuggestion = (error: GraphQLError): GraphQLError => {
  const message = error.message.replace(/ Did you mean .*$/s, '');
  const { nodes, extensions } = error;
  return message === error.message ? error : new GraphQLError(message, { nodes, extensions });
};

/** graphql-js' own rule, without the value that it quotes in each of its errors. */
const createValuesRule =
  (isSecret: boolean): ValidationRule =>
  (context) => {
    const reportError = (error: GraphQLError) => {
      const type = context.getInputType();
      // If the value is an object, as expected, the error only names missing or unknown fields.
      const isOfObject = isInputObjectType(getNamedType(type)) && error.nodes?.[0]?.kind === Kind.OBJECT;
      if (!type || isOfObject) return context.reportError(error);
      context.reportError(new GraphQLError(expectationOf(type, isSecret), { nodes: error.nodes }));
    };
    const discreet = Object.create(context, { reportError: { value: reportError } }) as ValidationContext;
    return ValuesOfCorrectTypeRule(discreet);
  };
