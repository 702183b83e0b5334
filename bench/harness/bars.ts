/** Bar charts as SVG, legible on light and dark pages. */
import type { Series } from './result.js';
import { short } from './stats.js';

const WIDTH = 860;
const NAME_WIDTH = 190;
const VALUE_WIDTH = 80;
const ROW = 20;
const HEAD = 30;

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .head { font-weight: 600 }
  .own { fill: #1a7f5a }
  .other { fill: #8c959f }
  .spread { stroke: #1f2328 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .own { fill: #3fb984 }
    .other { fill: #6e7681 }
    .spread { stroke: #e6edf3 }
  }`;

/** One group of bars for each series: from zero, as long as the median, a line from the least to the greatest. */
export const drawBars = (series: readonly Series[]): string => {
  let y = 0;
  const groups = series.map((one) => {
    const group = drawGroup(one, y);
    y += HEAD + ROW * Object.keys(one.values).length + ROW / 2;
    return group;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<style>${STYLE}
</style>
${groups.join('\n')}
</svg>
`;
};

const drawGroup = ({ name, unit, isLessBetter, values }: Series, top: number): string => {
  const longest = Math.max(...Object.values(values).map(({ greatest }) => greatest), 1e-9);
  const lengthOf = (value: number) => (Math.max(0, value) / longest) * (WIDTH - NAME_WIDTH - VALUE_WIDTH);
  const head = `<text class="head" x="0" y="${top + 18}">${escape(`${name}: ${unit} (${isLessBetter ? 'less' : 'more'} is better)`)}</text>`;
  const bars = Object.entries(values).map(([contender, { median, least, greatest }], row) => {
    const y = top + HEAD + row * ROW;
    const kind = contender.startsWith('Parley') ? 'own' : 'other';
    const middle = y + (ROW - 4) / 2;
    const from = NAME_WIDTH + lengthOf(least);
    const to = NAME_WIDTH + lengthOf(greatest);
    return [
      `<text x="${NAME_WIDTH - 8}" y="${y + 13}" text-anchor="end">${escape(contender)}</text>`,
      `<rect class="${kind}" x="${NAME_WIDTH}" y="${y}" width="${lengthOf(median).toFixed(1)}" height="${ROW - 4}"/>`,
      `<line class="spread" x1="${from.toFixed(1)}" x2="${to.toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${(to + 6).toFixed(1)}" y="${y + 13}">${short(median)}</text>`,
    ].join('\n');
  });
  return [head, ...bars].join('\n');
};

const escape = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
