/** What is refused while a document is parsed, beside what the parser refuses, and how the parser's own words are passed on. */
import { GraphQLError, TokenKind, type DocumentNode, type Token } from 'graphql';

/** A name of the client's own, such as an alias, is repeated in the answer for each object that it stands in. */
const MAX_NAME_LENGTH = 128;

/** Each place that an error names is looked for by counting lines from the first: 450 of them after as many lines as fit took 0.3 s. */
const MAX_LINES = 10_000;

interface Parsed {
  result: DocumentNode | Error | null;
  replaceParseResult(result: Error): void;
}

/** For the engine, and so for every transport. */
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

/** A text that stands where none can may be a password: it is not told again. */
const withoutText = (error: GraphQLError): GraphQLError => {
  const message = error.message.replace(/(String|BlockString) ".*"(\.?)$/s, '$1$2');
  if (message === error.message) return error;
  const { source, positions, extensions } = error;
  return new GraphQLError(message, { source, positions, extensions });
};
