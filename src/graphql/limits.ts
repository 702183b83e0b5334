/**
 * Limits that need no schema beyond the document, on every transport; what it costs to answer is reckoned in `complexity.ts`.
 * Refusals of a document are reported rather than thrown: a throw while validating closes a whole WebSocket.
 */
import { EnvelopArmor } from '@escape.tech/graphql-armor';
import { GraphQLError, type ValidationContext } from 'graphql';
import { introspectionLimit } from './introspection-limit.js';
import { parsing } from './parsing.js';
import { createValidation } from './validation.js';
import { createVariableCheck } from './variables.js';

/** What the deepest page takes, with fragments: chats, members, user and their edges. */
const DEPTH = 15;
const ALIASES = 15;
const DIRECTIVES = 30;
/** The whole of this API's events with all their fields takes some 700. */
const TOKENS = 2000;

/** As `message` says, without the words "Syntax Error", which it is not. */
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
      // Thrown while parsing, as every parser's error is.
      (_context, error) => {
        throw refusalOf(error);
      },
    ],
  },
  // `validation.ts` sees to it: it knows whether introspection would show everyone what this hides.
  blockFieldSuggestion: { enabled: false },
  costLimit: { enabled: false },
});

/** @param introspection whether clients may read the schema; where not, errors suggest no names of it either */
export const createLimits = (introspection: boolean): object[] => [
  ...armor.protect().plugins,
  parsing,
  introspectionLimit,
  createValidation(!introspection),
  createVariableCheck(!introspection),
];
