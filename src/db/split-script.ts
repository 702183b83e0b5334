/** Splits an SQL script into its statements, as PostgreSQL would: poolers and distributed engines accept only one at a time. */

type Kind = 'comment' | 'space' | 'end' | 'other';

interface Piece {
  kind: Kind;
  text: string;
}

/** A piece that no statement ends inside, or the semicolon that ends one; `/*` and `$tag$` are only the beginning of a piece. */
const PIECE =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*)|(?<quote>\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|[eE]'(?:[^'\\]|''|\\[^])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*|(?<end>;)|[^]/iy;

/**
 * A function's body stays in one piece if it is quoted, but not if it is written as BEGIN ATOMIC … END.
 *
 * @returns its statements without the semicolons, with the comments in and before them
 */
export const splitScript = (script: string): string[] => {
  const statements: Piece[][] = [[]];
  for (const piece of piecesOf(script)) {
    if (piece.kind === 'end') statements.push([]);
    else statements.at(-1)!.push(piece);
  }
  return statements
    .filter((pieces) => pieces.some(({ kind }) => kind === 'other'))
    .map((pieces) =>
      pieces
        .map(({ text }) => text)
        .join('')
        .trim(),
    );
};

/** The same statement on one line without comments, for finding out what it does. */
export const withoutComments = (statement: string): string =>
  [...piecesOf(statement)]
    .map(({ kind, text }) => (kind === 'other' ? text : ' '))
    .join('')
    .replace(/ +/g, ' ')
    .trim();

function* piecesOf(script: string): Generator<Piece> {
  for (let at = 0; at < script.length;) {
    PIECE.lastIndex = at;
    const { 0: text, groups = {} } = PIECE.exec(script)!;
    const end = groups.quote
      ? endOfQuote(script, at, text)
      : text === '/*'
        ? endOfComment(script, at)
        : at + text.length;
    const kind = groups.space ? 'space' : groups.comment ? 'comment' : groups.end ? 'end' : 'other';
    yield { kind, text: script.slice(at, end) };
    at = end;
  }
}

const endOfQuote = (script: string, at: number, tag: string): number => {
  const closing = script.indexOf(tag, at + tag.length);
  return closing === -1 ? script.length : closing + tag.length;
};

/** SQL comments nest. */
const endOfComment = (script: string, at: number): number => {
  let depth = 0;
  for (const { 0: sign, index } of script.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += sign === '/*' ? 1 : -1;
    if (depth === 0) return at + index + 2;
  }
  return script.length;
};
