/**
 * The instrument against servers that know the truth, beside plain autocannon: what each reads, and how far off it is; and how
 * often it is further off than the tests allow. `node test/bench/truth.bench.ts [--repetitions N] [--seconds S] [--case TEXT]` prints
 * Markdown, then one line of JSON; with --case of the cases alone whose names hold the text. With 12 repetitions of 2 s, as long as those of the tests, it takes about 10 minutes.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { createLoadDriver } from '../../src/load/driver.ts';
import {
  measuredOf,
  median,
  type Quantiles,
  type Repetition,
  runTruthCase,
  startTimedServer,
  type TruthCase,
  truthCases,
  truthOf,
} from '../unit/load/truthRun.ts';
import { isClose, type Misses, mostRepetitions, quantileNames, suiteFails } from '../unit/load/truthTolerance.ts';
import { workerBundle } from '../unit/load/worker-bundle.ts';

const { values } = parseArgs({
  options: {
    repetitions: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    case: { type: 'string', default: '' },
  },
});
const repetitions = Number(values.repetitions);
const durationSeconds = Number(values.seconds);
const driver = createLoadDriver({ workerPath: await workerBundle() });

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
  /** Of the repetitions, those further off than the tests allow. */
  readonly misses: Readonly<Record<keyof Quantiles, Misses>>;
}

const rows: Row[] = [];
for (const truthCase of truthCases.filter(({ name }) => name.includes(values.case))) {
  for (const loop of ['open', 'closed'] as const) {
    if (loop === 'closed' && truthCase.connections === null) continue;
    const found = await runTruthCase(truthCase, loop, { driver, repetitions, durationSeconds });
    rows.push(rowOf(truthCase, loop, found, await plain(truthCase, loop)));
    console.error(`${truthCase.name}, ${loop}`);
  }
}
console.log(
  '| case | loop | truth: p50, p95, p99 ms | ours less truth: p50, p95, p99 ms | schedule delay p50 ms | overhead p50 ms | plain autocannon: p50, p97.5, p99 ms | its p50 and p99 less truth ms |',
);
console.log('| :-- | :-- | --: | --: | --: | --: | --: | --: |');
for (const { name, loop, truth, error, scheduleDelayMs, overheadMs, plain: other } of rows) {
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
  console.log(`| ${cells.join(' | ')} |`);
}
const missed = rows.flatMap(({ name, loop, misses }) =>
  quantileNames.flatMap((quantile) =>
    misses[quantile].missed === 0
      ? []
      : [`${quantile} of ${name}, ${loop}: ${String(misses[quantile].missed)} of ${String(misses[quantile].of)}`],
  ),
);
const fails = suiteFails(rows.flatMap(({ misses }) => quantileNames.map((quantile) => misses[quantile])));
console.log(`\nFurther off than the tests allow: ${missed.length === 0 ? 'none' : missed.join('; ')}.`);
console.log(
  `A test repeats a case up to ${String(mostRepetitions)} times until each quantile was near enough once: with these shares, Jeffreys' prior for what was never seen to miss, and repetitions taken as independent, a right engine is estimated to fail the suite once in ${Math.round(1 / fails).toLocaleString('en')} runs.`,
);
console.log(JSON.stringify({ name: 'truth', repetitions, durationSeconds, fails, rows }));

function rowOf(truthCase: TruthCase, loop: Row['loop'], found: readonly Repetition[], other: Plain): Row {
  const of = (read: (repetition: Repetition) => Quantiles): Quantiles => ({
    p50: median(found.map((one) => read(one).p50)),
    p95: median(found.map((one) => read(one).p95)),
    p99: median(found.map((one) => read(one).p99)),
  });
  const generator = found[0]?.measured.generator;
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
    misses: {
      p50: missesOf(found, loop, 'p50'),
      p95: missesOf(found, loop, 'p95'),
      p99: missesOf(found, loop, 'p99'),
    },
  };
}

function missesOf(found: readonly Repetition[], loop: Row['loop'], quantile: keyof Quantiles): Misses {
  return { missed: found.filter((one) => !isClose(one, loop, quantile)).length, of: found.length };
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
