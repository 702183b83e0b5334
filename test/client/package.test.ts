/** The client module as users get it: packed by the documented command, installed into an empty folder, and bundled. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { build } from 'vite';
import { beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../support/database.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const packageDir = join(root, 'packages/client');
const read = (path: string) => readFileSync(path, 'utf8');
const { version, exports: entries } = JSON.parse(read(join(packageDir, 'package.json'))) as {
  version: string;
  exports: Record<string, unknown>;
};

/** Those that need graphql-ws at most. */
const MODULES = ['connection', 'follow', 'messages', 'refusal', 'send', 'session'];

const runFile = promisify(execFile);
// npm is told by these where it runs, and by vitest that it is tested.
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|NODE_ENV$|VITEST)/.test(name)));
const run = async (cwd: string, command: string, ...args: string[]): Promise<string> => {
  try {
    return (await runFile(command, args, { cwd, env })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${command} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
  }
};

/** The example of the package's own page, and the one of docs/clients.md. */
const [page] = /(?<=```ts\n)[\s\S]*?(?=```)/.exec(read(join(packageDir, 'README.md')))!;
const EXAMPLES = ['main.ts', 'graphql-ws.ts'];

let folder: string;
let tarball: string;

beforeAll(async () => {
  await run(root, 'npm', 'run', 'pack:client');
  tarball = join(packageDir, `parley-chat-client-${version}.tgz`);
  folder = join(temporaryFolder(), 'app');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }));
  // Its peers are copies of what is installed here: no registry is asked.
  const peers = ['graphql-ws', 'graphql'].map((name) => join(root, 'node_modules', name));
  const flags = ['--offline', '--install-links', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run(folder, 'npm', 'install', ...flags, tarball, ...peers);
  writeFileSync(join(folder, 'main.ts'), page);
  copyFileSync(join(root, 'examples/clients/graphql-ws.ts'), join(folder, 'graphql-ws.ts'));
}, 180_000);

it('brings nothing along: no file of the server, and no package but itself', async () => {
  const files = (await run(folder, 'tar', 'tzf', tarball)).trim().split('\n');

  const known = /^package\/(dist\/[a-z-]+\.(js|d\.ts)|[a-zA-Z]+\.json|README\.md|LICENSE)$/;
  expect(files.filter((file) => !known.test(file))).toEqual([]);
  for (const name of MODULES) expect(files).toContain(`package/dist/${name}.d.ts`);
  expect(files).toEqual(expect.arrayContaining(['package/README.md', 'package/LICENSE']));
  const installed = readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
  expect(installed.sort()).toEqual(['@parley-chat', 'graphql', 'graphql-ws']);
  expect(readdirSync(join(folder, 'node_modules/@parley-chat'))).toEqual(['client']);
});

it('is as packages should be, by publint', async () => {
  const { messages, pkg } = await publint({ pkgDir: packageDir, strict: true });

  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

it('is imported and required by Node, module by module', async () => {
  expect(Object.keys(entries)).toEqual(expect.arrayContaining(MODULES.map((name) => `./${name}`)));
  const names = MODULES.map((name) => `@parley-chat/client/${name}`);

  const keys = async (type: 'module' | 'commonjs', load: string) => {
    const script = `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(${load}(name)).sort().join());`;
    const answer = await run(folder, process.execPath, '--no-warnings', `--input-type=${type}`, '-e', script);
    return answer.trim().split('\n');
  };
  const [imported, required] = [await keys('module', 'await import'), await keys('commonjs', 'require')];

  expect(imported).toContain('@parley-chat/client/messages createMessages');
  expect(imported).toHaveLength(names.length);
  expect(required).toEqual(imported);
});

it.each([
  ['bundlers', 'esnext', 'bundler'],
  ['Node', 'nodenext', 'nodenext'],
])(
  'has types that hold in the examples, as %s find them',
  async (_who, module, moduleResolution) => {
    const flags = ['--strict', '--noEmit', '--target', 'es2022', '--lib', 'es2022,dom'];
    const tsc = join(root, 'node_modules/typescript/bin/tsc');

    await run(
      folder,
      process.execPath,
      tsc,
      ...flags,
      '--module',
      module,
      '--moduleResolution',
      moduleResolution,
      ...EXAMPLES,
    );
  },
  120_000,
);

it('becomes a few kilobytes of a web app, and nothing of it that is not used', async () => {
  const bundle = async (input: string) => {
    const built = await build({
      root: folder,
      configFile: false,
      logLevel: 'silent',
      build: { write: false, rollupOptions: { input: join(folder, input), preserveEntrySignatures: 'strict' } },
    });
    const { output } = [built].flat()[0] as Exclude<Awaited<ReturnType<typeof build>>, { close: unknown }> & {
      output: { type: string; code: string; modules: Record<string, unknown> }[];
    };
    const chunks = output.filter(({ type }) => type === 'chunk');
    return {
      bytes: chunks.reduce((sum, { code }) => sum + code.length, 0),
      modules: chunks.flatMap(({ modules }) => Object.keys(modules)),
    };
  };
  writeFileSync(join(folder, 'list.ts'), "export { createMessages } from '@parley-chat/client/messages';");

  const [app, list] = [await bundle('main.ts'), await bundle('list.ts')];

  const expected = /\/(main\.ts|node_modules\/(@parley-chat\/client\/dist|graphql-ws)\/[^:]*)$|^\0/;
  expect(app.modules.filter((id) => !expected.test(id))).toEqual([]);
  expect(app.bytes).toBeGreaterThan(5_000);
  expect(app.bytes).toBeLessThan(25_000);
  expect(list.bytes).toBeLessThan(2_000);
});
