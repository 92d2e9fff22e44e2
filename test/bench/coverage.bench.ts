/**
 * How often nominal 95% intervals hold the truth, on simulated phases whose truth is known (docs/statistics.md has the tables).
 * `node test/bench/coverage.bench.ts [--phases N] [--seconds 5,20,60] [--rps 200,1000] [--case NAME]` says each row on standard
 * error as it comes, and prints the tables in Markdown, then one line of JSON; 1 when a row that is not exempt is outside 93 to
 * 97% by more than the simulation's own chance. 2,000 phases tell 95% to half a percent; 300 find only what is far off.
 */
import { parseArgs } from 'node:util';
import { coverageOf } from '../support/coverage.ts';
import {
  coverageTable,
  exemptionList,
  exemptionOf,
  failedRows,
  failedVerdicts,
  judgeCoverage,
  verdictTable,
  type CoverageRow,
} from '../support/coverageReport.ts';
import { simulations, truthOf, type Truth } from '../support/phaseSimulation.ts';
import { verdictCoverage } from '../support/verdictCoverage.ts';

const { values } = parseArgs({
  options: {
    phases: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '5,20,60' },
    rps: { type: 'string', default: '200,1000' },
    case: { type: 'string', multiple: true, default: Object.keys(simulations) },
  },
});
const phases = Number(values.phases);
const startedAt = performance.now();
const rows: CoverageRow[] = [];
for (const [simulation, simulate] of Object.entries(simulations)) {
  if (!values.case.includes(simulation)) continue;
  for (const rps of values.rps.split(',').map(Number)) {
    const truth: Truth = truthOf(simulate, rps);
    for (const seconds of values.seconds.split(',').map(Number)) {
      for (const coverage of coverageOf(simulate, truth, { seconds, rps, phases, seed: 1000 })) {
        const row = { simulation, seconds, rps, ...coverage };
        rows.push(row);
        console.error(progress(row));
      }
    }
  }
}
const verdicts = verdictCoverage(phases * 4);
const minutes = (performance.now() - startedAt) / 60_000;
console.log(coverageTable(rows));
console.log(`\n${exemptionList(rows)}\n`);
console.log(verdictTable(verdicts));
console.log(
  `\n${String(phases)} phases a row, ${String(phases * 4)} runs a verdict, in ${minutes.toFixed(1)} minutes.`,
);
const failed = { rows: failedRows(rows), verdicts: failedVerdicts(verdicts) };
console.log(JSON.stringify({ name: 'coverage', phases, rows, verdicts, failed }));
process.exitCode = failed.rows.length + failed.verdicts.length === 0 ? 0 : 1;

function progress(row: CoverageRow): string {
  const judged = row.given === 0 ? 'none given' : judgeCoverage(row.covered, row.given);
  const exempt = exemptionOf(row);
  return JSON.stringify({ ...row, judged, ...(exempt === undefined ? {} : { exempt }) });
}
