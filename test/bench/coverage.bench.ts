/**
 * How often nominal 95% intervals hold the truth, on simulated phases whose truth is known (docs/statistics.md has the table).
 * `node test/bench/coverage.bench.ts [--phases N] [--seconds 5,20,60] [--rps 200,1000] [--case NAME]` prints a table,
 * then one line of JSON; 1 when a case that must hold does not.
 */
import { parseArgs } from 'node:util';
import { coverageOf, type Coverage } from '../support/coverage.ts';
import { simulations, truthOf } from '../support/phaseSimulation.ts';
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
/** Cases whose likeness in time reaches too far for a short phase; they are told, and not held to 95%. */
const told = /^AR\(1\) 0\.9|^rate drifts/;
/** What 93% would undercut in one of a thousand tries. */
const least = (given: number): number => 0.93 - 3.1 * Math.sqrt((0.93 * 0.07) / given);

interface Row extends Coverage {
  readonly simulation: string;
  readonly seconds: number;
  readonly rps: number;
}
const rows: Row[] = [];
console.log('case                  seconds   RPS  statistic  nominal  given   covered  mean width');
for (const [simulation, simulate] of Object.entries(simulations)) {
  if (!values.case.includes(simulation)) continue;
  for (const rps of values.rps.split(',').map(Number)) {
    const truth = truthOf(simulate, rps);
    for (const seconds of values.seconds.split(',').map(Number)) {
      for (const coverage of coverageOf(simulate, truth, { seconds, rps, phases, seed: 1000 })) {
        const row = { simulation, seconds, rps, ...coverage };
        rows.push(row);
        print(row);
      }
    }
  }
}
const verdicts = verdictCoverage(phases * 4);
console.log('\nratio of two topologies, a random effect of each deployment     nominal  covered');
for (const { name, covered } of verdicts) console.log(`${name.padEnd(64)}    95%  ${percent(covered)}`);
const failed = rows.filter(
  (row) => !told.test(row.simulation) && row.given > phases / 2 && row.covered / row.given < least(row.given),
);
console.log(JSON.stringify({ name: 'coverage', phases, rows, verdicts, failed }));
process.exitCode = failed.length === 0 ? 0 : 1;

function print(row: Row): void {
  const cells = [
    row.simulation.padEnd(20),
    String(row.seconds).padStart(8),
    String(row.rps).padStart(5),
    row.statistic.replace('Ms', '').padStart(10),
    '95%'.padStart(8),
    percent(row.given / row.phases),
    row.given === 0 ? '–'.padStart(9) : percent(row.covered / row.given).padStart(9),
    row.given === 0 ? '–'.padStart(11) : percent(row.meanWidth).padStart(11),
  ];
  console.log(cells.join(' '));
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`.padStart(6);
}
