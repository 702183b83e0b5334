/** Validation that ends at the tenth error, shows no value that stands in the document, and suggests no name of a schema that is not to be read. */
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

/** @param isSecret whether the schema is not to be read from the server, and so not from its errors */
export const createValidation = (isSecret: boolean) => {
  const valuesOfCorrectType = createValuesRule(isSecret);
  // One more says that there are others.
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

/** Of those that graphql-js makes whatever its options say. */
const withoutSuggestion = (error: GraphQLError): GraphQLError => {
  const message = error.message.replace(/ Did you mean .*$/s, '');
  const { nodes, extensions } = error;
  return message === error.message ? error : new GraphQLError(message, { nodes, extensions });
};

/** graphql-js' own, which quotes the value in each of its errors. */
const createValuesRule =
  (isSecret: boolean): ValidationRule =>
  (context) => {
    const reportError = (error: GraphQLError) => {
      const type = context.getInputType();
      // Of an object that it is to be, what lacks or is unknown: names alone.
      const isOfObject = isInputObjectType(getNamedType(type)) && error.nodes?.[0]?.kind === Kind.OBJECT;
      if (!type || isOfObject) return context.reportError(error);
      context.reportError(new GraphQLError(expectationOf(type, isSecret), { nodes: error.nodes }));
    };
    const discreet = Object.create(context, { reportError: { value: reportError } }) as ValidationContext;
    return ValuesOfCorrectTypeRule(discreet);
  };
