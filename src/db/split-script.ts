/** Cuts a script of SQL into its statements, as PostgreSQL would: poolers and distributed engines take no more than one at once. */

type Kind = 'comment' | 'space' | 'end' | 'other';

interface Piece {
  kind: Kind;
  text: string;
}

/** What cannot hold the end of a statement, or is it; `/*` and `$tag$` only begin. */
const PIECE =
  /(?<space>\s+)|(?<comment>--[^\n]*|\/\*)|(?<quote>\$(?:[a-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$)|[eE]'(?:[^'\\]|''|\\[^])*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*|(?<end>;)|[^]/iy;

/**
 * Bodies of functions are one piece where they are quoted, not where they are written as BEGIN ATOMIC … END.
 *
 * @returns its statements without the semicolons, and with the comments that stand in or before them
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

/** The same statement in one line without its comments: for looking at what it does. */
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

/** They nest. */
const endOfComment = (script: string, at: number): number => {
  let depth = 0;
  for (const { 0: sign, index } of script.slice(at).matchAll(/\/\*|\*\//g)) {
    depth += sign === '/*' ? 1 : -1;
    if (depth === 0) return at + index + 2;
  }
  return script.length;
};
