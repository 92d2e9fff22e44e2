/**
 * What runs inside the extension host: @vscode/test-electron and our own launcher both call `run()`. Its bundle lies beside
 * those of the suites (*.suite.ts). TOPOLOGY_BENCH_API_RESULTS names a file for the results, TOPOLOGY_BENCH_API_GREP a choice.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type Mocha from 'mocha';

export interface Outcome {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'pending';
  readonly durationMs: number;
  readonly error?: string;
}

/** In the form of mocha's own JSON reporter, as far as anybody reads it. */
export interface Results {
  readonly stats: {
    readonly tests: number;
    readonly passes: number;
    readonly failures: number;
    readonly pending: number;
  };
  readonly tests: readonly Outcome[];
}

/** Resolves when all tests passed; throws when one failed, or when there was none. */
export async function run(): Promise<void> {
  // What require() makes of this ES module differs among the versions of Node; what import() does, not.
  const { default: Runner } = await import('mocha');
  const grep = process.env['TOPOLOGY_BENCH_API_GREP'];
  const mocha = new Runner({
    ui: 'bdd',
    color: false,
    timeout: 120_000,
    forbidOnly: true,
    reporter: 'spec',
    ...(grep === undefined ? {} : { grep }),
  });
  for (const name of readdirSync(__dirname).sort()) {
    if (name.endsWith('.suite.cjs')) mocha.addFile(join(__dirname, name));
  }
  const outcomes: Outcome[] = [];
  const failures = await new Promise<number>((done) => {
    const runner = mocha.run(done);
    const end = (state: Outcome['state']) => (test: Mocha.Runnable, error?: unknown) => {
      const outcome = { title: test.fullTitle(), state, durationMs: test.duration ?? 0 };
      outcomes.push(
        error === undefined
          ? outcome
          : { ...outcome, error: error instanceof Error ? (error.stack ?? error.message) : JSON.stringify(error) },
      );
    };
    runner.on('pass', end('passed')).on('fail', end('failed')).on('pending', end('pending'));
  });
  write(outcomes);
  if (failures > 0)
    throw new Error(`${String(failures)} of ${String(outcomes.length)} tests in the extension host failed`);
  if (outcomes.length === 0)
    throw new Error(`No test ran in the extension host; suites were looked for in ${__dirname}`);
}

function write(outcomes: readonly Outcome[]): void {
  const path = process.env['TOPOLOGY_BENCH_API_RESULTS'];
  if (path === undefined || path === '') return;
  const count = (state: Outcome['state']): number => outcomes.filter((outcome) => outcome.state === state).length;
  const stats = {
    tests: outcomes.length,
    passes: count('passed'),
    failures: count('failed'),
    pending: count('pending'),
  };
  const results: Results = { stats, tests: outcomes };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(results, undefined, 2));
}
