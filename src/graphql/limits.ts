/**
 * Limits on the document itself, on every transport; `complexity.ts` computes the cost of answering it.
 * Refusals of a document are reported rather than thrown: a throw during validation closes the whole WebSocket.
 */
import { EnvelopArmor } from '@escape.tech/graphql-armor';
import { GraphQLError, type ValidationContext } from 'graphql';
import { introspectionLimit } from './introspection-limit.js';
import { parsing } from './parsing.js';
import { createValidation } from './validation.js';
import { createVariableCheck } from './variables.js';

/** Enough for the deepest page, with fragments: chats, members, user and their edges. */
const DEPTH = 15;
const ALIASES = 15;
const DIRECTIVES = 30;
/** All of this API's events with all their fields take some 700. */
const TOKENS = 2000;

/** The same message without the prefix "Syntax Error": it is not one. */
const refusalOf = ({ message }: GraphQLError): GraphQLError =>
  new GraphQLError(message.replace(/^Syntax Error: /, ''), { extensions: { code: 'TOO_COMPLEX' } });

const reported = {
  enabled: true,
  propagateOnRejection: false,
  onReject: [(context: ValidationContext | null, error: GraphQLError) => context?.reportError(refusalOf(error))],
};

const armor = new EnvelopArmor({
  maxDepth: { ...reported, n: DEPTH },
  // Every alias counts, `__typename` too.
  maxAliases: { ...reported, n: ALIASES, allowList: [] },
  maxDirectives: { ...reported, n: DIRECTIVES },
  maxTokens: {
    enabled: true,
    n: TOKENS,
    onReject: [
      // Thrown during parsing, like any parser error.
      (_context, error) => {
        throw refusalOf(error);
      },
    ],
  },
  // `validation.ts` does this: it knows whether introspection shows everyone what this would hide.
  blockFieldSuggestion: { enabled: false },
  costLimit: { enabled: false },
});

/** @param introspection whether clients may read the schema; if not, errors suggest no names from it either */
export const createLimits = (introspection: boolean): object[] => [
  ...armor.protect().plugins,
  parsing,
  introspectionLimit,
  createValidation(!introspection),
  createVariableCheck(!introspection),
];
