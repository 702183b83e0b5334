/** The Prometheus that is installed, and its `promtool`. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { freePort } from '../../scripts/services.mjs';
import { temporaryFolder } from './database.js';

/** @returns everything that it said, and its code */
export const promtool = (args: readonly string[], input = ''): Promise<{ code: number; said: string }> =>
  new Promise((resolve) => {
    const child = execFile('promtool', [...args], (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: `${out}${err}` }),
    );
    child.stdin!.end(input);
  });

export interface Prometheus {
  /** The values of an instant query, by their labels as JSON. */
  query(expression: string): Promise<{ metric: Record<string, string>; value: number }[]>;
  stop(): Promise<void>;
}

interface Settings {
  rule_files: string[];
  scrape_configs: object[];
}

/** As deploy/prometheus has it, but for the targets, each of which is scraped every second. */
export const startPrometheus = async (targets: readonly string[]): Promise<Prometheus> => {
  const folder = temporaryFolder();
  const deploy = fileURLToPath(new URL('../../deploy/prometheus/', import.meta.url));
  const { rule_files: rules, scrape_configs: jobs } = parse(
    readFileSync(`${deploy}prometheus.yml`, 'utf8'),
  ) as Settings;
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: rules.map((name) => join(deploy, name)),
    scrape_configs: jobs.map((job) => ({ ...job, static_configs: [{ targets }] })),
  };
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, JSON.stringify(config)); // which is YAML too
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`],
    { stdio: 'ignore' },
  );
  const exited = once(child, 'exit');
  return {
    query: async (expression) => {
      const answer = await fetch(`http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`);
      const { data } = (await answer.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      };
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    stop: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
};
