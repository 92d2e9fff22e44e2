/**
 * The instrument against servers that know the truth, beside plain autocannon: what each reads, and how far off it is; and in how
 * many repetitions the tests would not have let it pass. `node test/bench/truth.bench.ts [--repetitions N] [--seconds S] [--case TEXT]
 * [--pauses] [--write]` prints Markdown, then one line of JSON; with --case of the cases alone whose names hold the text, with --pauses
 * on cores that stand still again and again, with --write into docs/measurement.md too. The page's figures are of 12 repetitions
 * of 2 s, which take about 20 minutes.
 */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { createLoadDriver } from '../../src/load/driver.ts';
import {
  measuredOf,
  median,
  type Quantiles,
  quantilesOf,
  type Repetition,
  runTruthCase,
  startTimedServer,
  type TruthCase,
  truthCases,
} from '../unit/load/truthRun.ts';
import { isAsSeen, isBelow, isNear, quantileNames } from '../unit/load/truthTolerance.ts';
import { workerBundle } from '../unit/load/worker-bundle.ts';
import { writePart } from './support/page.ts';
import { startPauses } from './truth/startPauses.ts';

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    case: { type: 'string', default: '' },
    pauses: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
if (values.write && (values.pauses || values.case !== ''))
  throw new Error('The page shows all cases on a machine without pauses: leave --case and --pauses away, or --write.');
const repetitions = Number(values.repetitions);
const durationSeconds = Number(values.seconds);
const driver = createLoadDriver({ workerPath: await workerBundle() });
/** How near the medians were meant to be: a share of the truth or milliseconds, whichever is more. */
const aims = { p50: { share: 0.01, ms: 0.3 }, p95: { share: 0.01, ms: 0.3 }, p99: { share: 0.03, ms: 3 } };
const loops = ['open', 'closed'] as const;

interface Plain {
  readonly latency: { readonly p50: number; readonly p97_5: number; readonly p99: number };
  readonly requests: number;
  readonly errors: number;
  readonly timeouts: number;
  readonly non2xx: number;
}
interface Row {
  readonly name: string;
  readonly loop: 'open' | 'closed';
  readonly truth: Quantiles;
  readonly measured: Quantiles;
  /** Medians over the repetitions of the measured less the truth. */
  readonly error: Quantiles;
  readonly scheduleDelayMs: number | null;
  readonly overheadMs: number | null;
  readonly plain: Plain;
  readonly repetitions: number;
  /** In how many repetitions each thing that the tests hold was not so. */
  readonly misses: Readonly<Record<string, number>>;
}

const rows = await measureAll();
const report = [...table(rows), '', ...summary(rows)];
console.log(report.join('\n'));
if (values.write) await writePart('measurement.md', 'the truth bench', report.join('\n'));
console.log(JSON.stringify({ name: 'truth', repetitions, durationSeconds, pauses: values.pauses, rows }));

async function measureAll(): Promise<Row[]> {
  const measured: Row[] = [];
  const endPauses = values.pauses ? startPauses() : () => undefined;
  try {
    for (const truthCase of truthCases.filter(({ name }) => name.includes(values.case))) {
      for (const loop of loops) {
        if (loop === 'closed' && truthCase.connections === null) continue;
        const found = await runTruthCase(truthCase, loop, { driver, repetitions, durationSeconds });
        measured.push(rowOf(truthCase, loop, found, await plain(truthCase, loop)));
        console.error(`${truthCase.name}, ${loop}`);
      }
    }
  } finally {
    endPauses();
  }
  return measured;
}

function table(all: readonly Row[]): string[] {
  return [
    '| case | loop | truth: p50, p95, p99 ms | ours less truth: p50, p95, p99 ms | schedule delay p50 ms | overhead p50 ms | plain autocannon: p50, p97.5, p99 ms | its p50 and p99 less truth ms |',
    '| :-- | :-- | --: | --: | --: | --: | --: | --: |',
    ...all.map(({ name, loop, truth, error, scheduleDelayMs, overheadMs, plain: other }) => {
      const { p50, p97_5, p99 } = other.latency;
      const cells = [
        name,
        loop,
        figures([truth.p50, truth.p95, truth.p99]),
        figures([error.p50, error.p95, error.p99]),
        scheduleDelayMs === null ? '' : figures([scheduleDelayMs]),
        overheadMs === null ? '' : figures([overheadMs]),
        `${String(p50)}, ${String(p97_5)}, ${String(p99)}`,
        figures([p50 - truth.p50, p99 - truth.p99]),
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

function summary(all: readonly Row[]): string[] {
  const missed = all.flatMap(({ name, loop, misses, repetitions: of }) =>
    Object.entries(misses).flatMap(([what, count]) =>
      count === 0 ? [] : [`${what} of ${name}, ${loop}: ${String(count)} of ${String(of)}`],
    ),
  );
  const total = all.reduce((sum, row) => sum + row.repetitions, 0);
  return [
    `Measured on a machine of ${String(availableParallelism())} cores that server and generator shared, Node ${process.versions.node}: medians of ${String(repetitions)} runs of ${String(durationSeconds)} s, or of what a case takes at least. What was aimed at: p50 and p95 within 1 % or 0.3 ms of the truth, p99 within 3 % or 3 ms.`,
    '',
    ...loops.flatMap((loop) => {
      const own = all.filter((row) => row.loop === loop);
      return own.length === 0 ? [] : [`- **${loop === 'open' ? 'Open' : 'Closed'} loop**: ${inWords(own)}.`];
    }),
    '',
    `Of these ${String(total)} runs${values.pauses ? ', on cores that stood still again and again,' : ''} the tests would not have let pass: ${missed.length === 0 ? 'none' : missed.join('; ')}.`,
  ];
}

/** e.g. "p50 read 0.08 to 0.18 ms too high (14 of 14 as near as was aimed at)" */
function inWords(own: readonly Row[]): string {
  return quantileNames
    .map((quantile) => {
      const known = own.filter(({ error }) => !Number.isNaN(error[quantile]));
      const errors = known.map(({ error }) => error[quantile]);
      const { share, ms } = aims[quantile];
      const near = known.filter(
        ({ error, truth }) => Math.abs(error[quantile]) <= Math.max(share * truth[quantile], ms),
      );
      const range = `${Math.min(...errors).toFixed(2)} to ${Math.max(...errors).toFixed(2)} ms`;
      return `${quantile} read ${range} more than the truth (${String(near.length)} of ${String(known.length)} as near as was aimed at)`;
    })
    .join(', ');
}

function rowOf(truthCase: TruthCase, loop: Row['loop'], found: readonly Repetition[], other: Plain): Row {
  const of = (read: (repetition: Repetition) => Quantiles): Quantiles => ({
    p50: median(found.map((one) => read(one).p50)),
    p95: median(found.map((one) => read(one).p95)),
    p99: median(found.map((one) => read(one).p99)),
  });
  const generator = found[0]?.measured.generator;
  const truthOf = ({ servedMs }: Repetition): Quantiles => quantilesOf(servedMs);
  return {
    name: truthCase.name,
    loop,
    truth: of(truthOf),
    measured: of(measuredOf),
    error: of((one) => {
      const [truth, measured] = [truthOf(one), measuredOf(one)];
      return { p50: measured.p50 - truth.p50, p95: measured.p95 - truth.p95, p99: measured.p99 - truth.p99 };
    }),
    scheduleDelayMs: generator?.scheduleDelay?.p50Ms ?? null,
    overheadMs: generator?.overheadMs?.p50 ?? null,
    plain: other,
    repetitions: found.length,
    misses: missesOf(found),
  };
}

function missesOf(found: readonly Repetition[]): Row['misses'] {
  const count = (missed: (repetition: Repetition) => boolean): number => found.filter(missed).length;
  return Object.fromEntries([
    ...quantileNames.flatMap((quantile): [string, number][] => [
      [`${quantile} less than the server took`, count((one) => isBelow(one, quantile))],
      [`${quantile} not as seen at the sockets`, count((one) => !isAsSeen(one, quantile))],
    ]),
    ['the fastest tenth not near the server', count((one) => !isNear(one))],
  ]);
}

/** As anyone would call it: connections alone, or its own way to a rate. */
async function plain(truthCase: TruthCase, loop: Row['loop']): Promise<Plain> {
  const server = await startTimedServer(truthCase.service);
  try {
    const options = {
      url: `http://127.0.0.1:${String(server.port)}/`,
      duration: durationSeconds,
      // It takes whole seconds.
      timeout: Math.ceil(truthCase.timeoutMs / 1000),
      ...(loop === 'closed'
        ? { connections: truthCase.connections }
        : { connections: 64, overallRate: truthCase.ratePerSecond }),
    };
    const program = join(import.meta.dirname, 'load-plain.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(options)]);
    return JSON.parse(stdout) as Plain;
  } finally {
    await server.stop();
  }
}

function figures(numbers: readonly number[]): string {
  return numbers.map((number) => (Number.isNaN(number) ? '–' : number.toFixed(2))).join(', ');
}
