/** Refusals during parsing besides the parser's own, and the filter for the parser's messages. */
import { GraphQLError, TokenKind, type DocumentNode, type Token } from 'graphql';

/** A client's own name, such as an alias, is repeated in the answer for every object that it selects from. */
const MAX_NAME_LENGTH = 128;

/** graphql-js finds each location of an error by counting lines from the first: 450 after as many lines as fit took 0.3 s. */
const MAX_LINES = 10_000;

interface Parsed {
  result: DocumentNode | Error | null;
  replaceParseResult(result: Error): void;
}

/** An engine plugin, so it covers every transport. */
export const parsing = {
  onParse:
    () =>
    ({ result, replaceParseResult }: Parsed) => {
      if (result instanceof GraphQLError) {
        const discreet = withoutText(result);
        if (discreet !== result) replaceParseResult(discreet);
      } else if (result !== null && !(result instanceof Error)) {
        if (hasLongName(result))
          replaceParseResult(tooMuch(`A name in the document is longer than ${MAX_NAME_LENGTH} characters`));
        else if (hasManyLines(result)) replaceParseResult(tooMuch(`The document has more than ${MAX_LINES} lines`));
      }
    },
};

const hasLongName = ({ loc }: DocumentNode): boolean => {
  for (let token: Token | null | undefined = loc?.startToken; token; token = token.next)
    if (token.kind === TokenKind.NAME && token.end - token.start > MAX_NAME_LENGTH) return true;
  return false;
};

const hasManyLines = ({ loc }: DocumentNode): boolean => loc !== undefined && loc.endToken.line > MAX_LINES;

const tooMuch = (message: string) =>
  new GraphQLError(message, { extensions: { code: 'TOO_COMPLEX', http: { status: 400 } } });

/** A misplaced string may be a password: the error does not repeat it. */
const withoutText = (error: GraphQLError): GraphQLError => {
  const message = error.message.replace(/(String|BlockString) ".*"(\.?)$/s, '$1$2');
  if (message === error.message) return error;
  const { source, positions, extensions } = error;
  return new GraphQLError(message, { source, positions, extensions });
};
