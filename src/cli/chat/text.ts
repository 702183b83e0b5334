/** Other people's text on the user's terminal: it must not control the terminal, and lines are wrapped at its width. */

/** Control characters, and those that change the text direction. */
// eslint-disable-next-line no-control-regex
const STEERING = /[\u0000-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/g;

export const harmless = (text: string): string =>
  text.replace(/\r?\n/g, ' ⏎ ').replaceAll('\t', ' ').replace(STEERING, '·');

const WIDE =
  /\p{Emoji_Presentation}|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\uFF01-\uFF60]/u;
const NO_WIDTH = /\p{Mark}|\u200B|\u200C|\u200D|\uFE0F/u;

const widthOf = (character: string): number => (NO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1);

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Wraps into lines of at most `width` columns. All but the first are indented. */
export const wrap = (text: string, width: number, indent = 2): string[] => {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    const columns = Math.max(...Array.from(segment, widthOf));
    if (used + columns > width) {
      lines.push(line);
      line = ' '.repeat(indent);
      used = indent;
    }
    line += segment;
    used += columns;
  }
  return [...lines, line];
};
