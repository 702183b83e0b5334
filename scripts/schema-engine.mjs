/**
 * Prisma's schema engine as WebAssembly, so that schemas are compared without the native engine, which would have to be
 * downloaded, and without a server. Used to author migrations and to test that they agree with schema.prisma.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';

const require = createRequire(import.meta.url);

/** What the engine answers where there is nothing to change. */
export const EMPTY_MIGRATION = '-- This is an empty migration.';

/**
 * What would have to run for a live database to look like a schema.
 *
 * @param adapterFactory a Prisma driver adapter (PrismaPg, PrismaPGlite) for the database
 * @param {{ path: string, content: string }} schema schema.prisma
 * @returns {Promise<string>} an SQL script; `EMPTY_MIGRATION` where both agree. Partial indexes, functions and storage
 *   parameters are not looked at.
 */
export const compareWithSchema = async (adapterFactory, schema) => {
  const engine = await openSchemaEngine(adapterFactory, schema);
  const { stdout } = await engine.diff({
    from: { tag: 'schemaDatasource', files: [schema], configDir: dirname(schema.path) },
    to: { tag: 'schemaDatamodel', files: [schema] },
    script: true,
    exitCode: null,
    filters: { externalTables: [], externalEnums: [] },
  });
  return stdout.trim();
};

/** @returns {Promise<import('@prisma/schema-engine-wasm').SchemaEngine>} what is behind `prisma migrate` */
export const openSchemaEngine = async (adapterFactory, schema) => {
  const SchemaEngine = await loadEngine();
  return SchemaEngine.new(
    { datamodels: [[schema.path, schema.content]] },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapterFactory),
  );
};

let engineClass;

/** Once a process: instantiating it a second time panics. */
const loadEngine = () => (engineClass ??= instantiateEngine());

const instantiateEngine = async () => {
  const folder = dirname(require.resolve('@prisma/schema-engine-wasm'));
  // The package's own entry imports the .wasm file as a module, which Node does not do.
  const bindings = await import(pathToFileURL(join(folder, 'schema_engine_bg.js')).href);
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (message) => {
      console.error(message);
    },
  };
  const { instance } = await WebAssembly.instantiate(await readFile(join(folder, 'schema_engine_bg.wasm')), {
    './schema_engine_bg.js': bindings,
  });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings.SchemaEngine;
};
