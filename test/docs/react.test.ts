/** What docs/react.md shows is what the example apps are. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');

describe('docs/react.md', () => {
  const shown = [...read('docs/react.md').matchAll(/^```\w+ (\S+)\n([\s\S]*?)^```$/gm)];

  it('shows code of both apps', () => {
    expect(new Set(shown.map(([, path]) => path!.split('/')[0]))).toEqual(new Set(['react-apollo', 'react-urql']));
  });

  it.each(shown.map(([, path, code]) => [path!, code!]))('shows %s as it is', (path, code) => {
    expect(read(`examples/${path}`)).toContain(code);
  });
});

it('has one text for what both apps share', () => {
  const own = ['package.json', 'src/App.tsx', 'src/Messenger.tsx', 'src/apollo.ts', 'src/urql.ts'];
  const filesOf = (app: string) =>
    readdirSync(`${root}/examples/${app}`, { recursive: true, encoding: 'utf8', withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(`${root}/examples/${app}`, join(entry.parentPath, entry.name)))
      .filter((path) => !own.includes(path) && !/^(node_modules|dist)\//.test(path))
      .sort();

  expect(filesOf('react-urql')).toEqual(filesOf('react-apollo'));
  for (const path of filesOf('react-apollo'))
    expect(read(`examples/react-urql/${path}`), path).toBe(read(`examples/react-apollo/${path}`));
});

it('installs the versions that are tested here', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<string, Record<string, string>>;
  const tested = { ...devDependencies, ...dependencies };

  for (const app of ['react-apollo', 'react-urql']) {
    const own = JSON.parse(read(`examples/${app}/package.json`)) as Record<string, Record<string, string>>;
    for (const [name, version] of Object.entries({ ...own.dependencies, ...own.devDependencies }))
      if (tested[name] !== undefined) expect(`${name} ${version}`).toBe(`${name} ${tested[name]}`);
  }
});
