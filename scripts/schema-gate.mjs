// Keeps what clients rely on. Compares schema.graphql with schema.released.graphql, the schema of the last release, and
// fails where a change would break a client that nobody was told about: CHANGELOG.md, under "Unreleased", must have a line
//
//   - Breaking: `Chat.name` is gone; take `Chat.title`.
//
// naming the schema coordinate of each change. To release: copy schema.graphql over schema.released.graphql.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema, isInputObjectType } from 'graphql';

/**
 * @param {{ released: string, current: string, changelog: string }} texts
 * @returns {Promise<{ coordinate: string, message: string, isAnnounced: boolean }[]>} the breaking changes
 */
export const breakingChanges = async ({ released, current, changelog }) => {
  const [before, after] = [buildSchema(released), buildSchema(current)];
  const announcements = unreleased(changelog).filter((line) => /^\s*(?:[-*]\s+)?\**Breaking:/.test(line));
  return (await diff(before, after))
    .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
    .map(({ path, message }) => {
      const coordinate = toCoordinate(path ?? 'schema', before);
      return { coordinate, message, isAnnounced: announcements.some((line) => names(line, coordinate)) };
    });
};

/** The inspector writes `Query.chats.first`, the specification `Query.chats(first:)`. */
const toCoordinate = (path, schema) => {
  const [owner, member, argument] = path.split('.');
  if (owner.startsWith('@')) return member ? `${owner}(${member}:)` : owner;
  const isField = argument !== undefined && !isInputObjectType(schema.getType(owner));
  if (isField) return `${owner}.${member}(${argument}:)`;
  return member ? `${owner}.${member}` : owner;
};

/** `Chat` is not named by `Chat.name`, nor by `ChatKind`. */
const names = (line, coordinate) => {
  const escaped = coordinate.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.@])${escaped}(?![\\w(]|\\.\\w)`).test(line);
};

const unreleased = (changelog) => {
  const lines = changelog.split('\n');
  const start = lines.findIndex((line) => /^##\s+\[?Unreleased\]?/i.test(line));
  if (start === -1) return [];
  const length = lines.slice(start + 1).findIndex((line) => /^##\s/.test(line));
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length);
};

const main = async () => {
  const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
  const read = (name) => readFileSync(path(name), 'utf8');
  const changes = await breakingChanges({
    released: read('schema.released.graphql'),
    current: read('schema.graphql'),
    changelog: existsSync(path('CHANGELOG.md')) ? read('CHANGELOG.md') : '',
  });
  for (const { coordinate, message, isAnnounced } of changes) {
    console.log(`${isAnnounced ? 'announced' : 'BREAKING'}  ${coordinate}: ${message}`);
  }
  if (changes.every(({ isAnnounced }) => isAnnounced)) return 0;
  console.error('Clients would break. Announce it in CHANGELOG.md, under "Unreleased": `- Breaking: <coordinate> …`');
  return 1;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
