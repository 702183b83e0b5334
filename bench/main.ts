/** `npm run bench -- [SCENARIO…] [--quick] [--rounds N] [--only NAME,…]`, or `npm run bench -- page`. */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { startPostgres } from '../scripts/services.mjs';
import { describeMachine } from './harness/machine.js';
import { cpuOf } from './harness/process-cpu.js';
import { keepResult, printResult } from './harness/result.js';
import type { Scenario } from './harness/scenario.js';
import { writePage } from './page.js';
import { connections } from './scenarios/connections.js';
import { endToEnd } from './scenarios/end-to-end.js';
import { fanOut } from './scenarios/fan-out.js';
import { members } from './scenarios/members.js';
import { nodes } from './scenarios/nodes.js';
import { reads } from './scenarios/reads.js';
import { resume } from './scenarios/resume.js';
import { search } from './scenarios/search.js';
import { send } from './scenarios/send.js';
import { stalled } from './scenarios/stalled.js';

const SCENARIOS: Record<string, Scenario> = {
  'fan-out': fanOut,
  send,
  reads,
  connections,
  resume,
  nodes,
  stalled,
  'end-to-end': endToEnd,
  members,
  search,
};

/** Of PostgreSQL. */
const SETTINGS: Record<string, Record<string, string>> = {
  members: { shared_preload_libraries: 'pg_stat_statements' },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

const run = async (name: string) => {
  const scenario = SCENARIOS[name];
  if (scenario === undefined) throw new Error(`No scenario ${name}: there are ${Object.keys(SCENARIOS).join(', ')}`);
  // As durable as PostgreSQL is by default.
  const postgres = await startPostgres({ settings: { fsync: 'on', max_connections: 300, ...SETTINGS[name] } });
  const admin = new pg.Pool({ connectionString: postgres.url, max: 2 });
  try {
    const machine = await describeMachine(admin);
    console.log(
      `\n${name}: ${machine.cores} cores (${machine.cpu}), load ${loadavg()[0]!.toFixed(1)}; Node ${machine.node}, ` +
        `PostgreSQL ${machine.postgres} with fsync ${machine.fsync}, synchronous_commit ${machine.synchronousCommit}; commit ${machine.commit}`,
    );
    const rounds = Number(values.rounds ?? (values.quick ? 1 : 3));
    const outcome = await scenario({
      serverUrl: postgres.url,
      databaseCpu: () => cpuOf(postgres.pid),
      admin,
      rounds,
      isQuick: values.quick,
      only: values.only.split(',').filter(Boolean),
    });
    printResult(outcome);
    keepResult({
      scenario: name,
      at: new Date().toISOString(),
      rounds,
      isQuick: values.quick,
      machine,
      ...outcome,
    });
  } finally {
    await admin.end();
    await postgres.stop();
  }
};

process.setMaxListeners(100); // each child ends with this process
if (positionals[0] === 'page') writePage(Object.keys(SCENARIOS));
else for (const name of positionals.length > 0 ? positionals : Object.keys(SCENARIOS)) await run(name);
process.exit(0);
