// Hands Node another text for the files that a sabotage changes.
import { patches } from './patches.mjs';

let wanted = [];

export const initialize = ({ sabotage }) => {
  if (sabotage === undefined) return;
  wanted = patches[sabotage];
  if (wanted === undefined) throw new Error(`There is no sabotage ${sabotage}`);
};

export const load = async (url, context, nextLoad) => {
  const own = wanted.filter(({ file }) => new URL(url).pathname.endsWith(`/src/${file}`));
  const loaded = await nextLoad(url, context);
  if (own.length === 0) return loaded;
  let text = loaded.source.toString();
  for (const { file, from, to } of own) {
    // A change that changes nothing would prove nothing.
    if (!text.includes(from)) throw new Error(`src/${file} has no longer what is to be sabotaged:\n${from}`);
    text = text.replaceAll(from, to);
  }
  return { ...loaded, source: text };
};
