// Prints "passed failed skipped" of one of vitest's JSON reports.
import { readFileSync } from 'node:fs';

const { testResults } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const totals = { passed: 0, failed: 0, skipped: 0 };
for (const { status, assertionResults } of testResults) {
  for (const { status } of assertionResults) totals[status in totals ? status : 'skipped'] += 1;
  // A file that does not even load has no tests that could fail.
  if (status === 'failed' && !assertionResults.some(({ status }) => status === 'failed')) totals.failed += 1;
}
console.log(totals.passed, totals.failed, totals.skipped);
