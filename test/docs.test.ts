/** What the documents name is there. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');
const isThere = (path: string) => statSync(`${root}/${path}`, { throwIfNoEntry: false }) !== undefined;

const documents = ['.', 'docs', 'docs/decisions', 'bench']
  .flatMap((folder) => readdirSync(`${root}/${folder}`).map((name) => posix.join(folder, name)))
  .filter((path) => path.endsWith('.md'));

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

/** Everything between back ticks or in a code block, and the addresses of links. */
const codeOf = (text: string): string[] => [...text.matchAll(/```[\s\S]*?```|`[^`]+`/g)].map(([code]) => code);
const linksOf = (text: string): string[] =>
  [...text.replaceAll(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);

/** What is made rather than committed. */
const GENERATED = /^(src\/generated\/|dist\/|data\/|node_modules\/)/;
/** Folders of the project; and those files beside them that documents name by their name alone. */
const PATH =
  /(?<![\w./@:-])((?:src|test|scripts|prisma|docs|deploy|examples|bench|bin|\.ci|domain|graphql|server|log|bus|db)\/[\w./-]*\w)/g;
const FILE = /(?<![\w./-])([\w.-]+\.(?:graphql|yml|json|md))(?![\w/])/g;

/** The anchors of a document's headings, as GitHub makes them. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

interface Document {
  /** From the root. */
  path: string;
  text: string;
}

/** What it names and is not there. */
const missing = ({ path, text }: Document): string[] => {
  const folder = posix.dirname(path);
  const links = linksOf(text)
    .filter((link) => !/^(https?|mailto):/.test(link))
    .filter((link) => {
      const [target, anchor] = link.split('#') as [string, string?];
      const file = target === '' ? path : posix.join(folder, target);
      if (!isThere(file)) return true;
      return anchor !== undefined && !anchorsOf(target === '' ? text : read(file)).includes(anchor);
    });
  const code = codeOf(text).join('\n');
  const paths = [...code.matchAll(PATH)]
    .map((match) => match[1]!)
    // Decisions name files of src/ by their layer.
    .filter((name) => !GENERATED.test(name) && !isThere(name) && !isThere(`src/${name}`))
    // The guide to an app names the app's own.
    .filter((name) => path !== 'docs/react.md' || !isThere(`examples/react-apollo/${name}`));
  const files = [...code.matchAll(FILE)]
    .map((match) => match[1]!)
    .filter((name) => !paths.some((other) => other.endsWith(name)) && !code.includes(`/${name}`) && !isThere(name));
  const commands = [...code.matchAll(/\bnpm run ([\w:-]+)/g)]
    .map((match) => match[1]!)
    .filter((name) => !(name in scripts));
  return [...links, ...paths, ...files, ...commands.map((name) => `npm run ${name}`)];
};

const headings = (text: string): string[] =>
  (text.replace(/^```[\s\S]*?^```/gm, '').match(/^#+ .*$/gm) ?? []).map((line) => line.replace(/^#+ /, ''));

const twice = (lines: readonly string[]): string[] => lines.filter((line, index) => lines.indexOf(line) < index);

const FOLDERS_OF_CODE = ['src', 'packages/client/src', 'test', 'scripts', 'bench'];
const projectFiles = [...FOLDERS_OF_CODE, 'docs', 'prisma', 'deploy', 'examples']
  .flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' }).map(
      (path) => `/${folder}/${path.replaceAll('\\', '/')}`,
    ),
  )
  .filter((path) => !/\/(generated|node_modules|dist)\//.test(path));

/** Of the files that its comments name between back ticks, those that are nowhere: a name stands for whichever file ends with it. */
const missingOfComments = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => /^\s*(\/\/|\/?\*)/.test(line))
    .flatMap((line) => [...line.matchAll(/`([\w./-]+\w\.(?:ts|mjs|md))`/g)].map((match) => match[1]!))
    .filter((name) => !isThere(name) && !projectFiles.some((path) => path.endsWith(`/${name}`)));

describe('The comments', () => {
  const code = projectFiles.filter(
    (path) => /\.(ts|mjs)$/.test(path) && FOLDERS_OF_CODE.some((folder) => path.startsWith(`/${folder}/`)),
  );

  it('name no file that is not there', () => {
    expect(code.length).toBeGreaterThan(400);
    expect(code.flatMap((path) => missingOfComments(read(path)).map((name) => `${path}: ${name}`))).toEqual([]);
  });

  it('are found where they do', () => {
    expect(
      missingOfComments(' * As in `chat-streams.ts`, and `log/tail.ts`.\n// `src/nothing.ts`\nconst name = `any.ts`;'),
    ).toEqual(['chat-streams.ts', 'src/nothing.ts']);
  });
});

describe('The documents', () => {
  it.each(documents)('%s names nothing that is not there', (path) => {
    expect(missing({ path, text: read(path) })).toEqual([]);
  });

  it('are all of them looked at', () => {
    expect(documents).toEqual(
      expect.arrayContaining(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/operations.md']),
    );
  });

  it('have no heading twice, by which a link would lead to the wrong one', () => {
    for (const path of documents.filter((name) => name !== 'CHANGELOG.md'))
      expect([path, twice(headings(read(path)))]).toEqual([path, []]);
  });

  it('say each change once, in one section of its kind', () => {
    for (const version of read('CHANGELOG.md').split(/^## /m).slice(1)) {
      expect(twice(headings(version))).toEqual([]);
      expect(twice(version.split(/\n(?=- |#|\n)/).filter((line) => line.startsWith('- ')))).toEqual([]);
    }
  });

  it('show the example as it is', () => {
    const example = read('examples/follow.ts');
    const [shown] = /(?<=```ts\n)[\s\S]*?(?=```)/.exec(read('README.md'))!;

    expect(example.endsWith(shown)).toBe(true);
  });

  it('list every layer and every decision by a number of its own', () => {
    const architecture = read('ARCHITECTURE.md');
    const layers = readdirSync(`${root}/src`, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const numbers = readdirSync(`${root}/docs/decisions`).map((name) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(name)?.[1]);

    for (const { name } of layers) expect(architecture).toContain(`\`src/${name}/\``);
    expect(numbers).not.toContain(undefined);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});

describe('This check', () => {
  it.each([
    ['[gone](docs/gone.md)'],
    ['[gone](README.md#no-such-heading)'],
    ['see `src/log/gone.ts`'],
    ['see `log/gone.ts`'],
    ['`gone.graphql`'],
    ['```sh\nnpm run gone\n```'],
  ])('finds what is missing in %s', (text) => {
    expect(missing({ path: 'README.md', text })).toHaveLength(1);
  });

  it('finds nothing missing where all is there', () => {
    const text =
      '[tail](src/log/tail.ts), [start](README.md#start-it), `src/log/send.ts`, `npm run lint`, `package.json`';

    expect(missing({ path: 'CONTRIBUTING.md', text })).toEqual([]);
  });
});
