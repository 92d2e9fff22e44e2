import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { benchmark } from '../core/benchmark.ts';
import { BenchError, explain, isCancelled, toBenchError } from '../core/errors.ts';
import type { Target } from '../core/ports.ts';
import type { RunRecord } from '../core/record.ts';
import { recordTable } from '../core/view/table.ts';
import { newRunId, sha256, systemClock, thisMachine } from '../engine/host.ts';
import { createKubernetesTarget, defaultNamespaceOf } from '../kubernetes/index.ts';
import { createLoadDriver } from '../load/driver.ts';
import { createLocalTarget } from '../local/target.ts';
import { openRunStore, saveElsewhere, type RunStore } from '../runs/store.ts';
import { addPlanOptions, choose, type Chosen, type PlanOptions } from './choices.ts';
import { exitCodes, type CliContext, type ExitCode } from './context.ts';
import { printFailure } from './failure.ts';
import { progressPrinter } from './progress.ts';
import { writeReport } from './report.ts';

interface RunOptions extends PlanOptions {
  out?: string;
  report?: string;
  json?: boolean;
}

/**
 * `topology-bench run [plan.yaml]`: the main job. The table goes to stdout, progress to stderr.
 * @param targetFor where the plan is carried out; another one in tests
 */
export function registerRun(program: Command, context: CliContext, targetFor = targetOf): void {
  addPlanOptions(program.command('run'))
    .description('deploy the topologies, load-test each, print and save the result, and remove what was deployed')
    .option('--local', 'run on this machine, without a cluster')
    .option('--out <dir>', 'folder for the run record (default: .topology-bench/runs)')
    .option('--report <file>', 'write a self-contained HTML report')
    .option('--json', 'print the run record as JSON')
    .action(async (planPath: string | undefined, options: RunOptions) => {
      const chosen = await choose(planPath, options, context, defaultNamespaceOf);
      for (const warning of chosen.warnings) context.stderr.write(`Warning: ${warning}\n`);
      const runs = openRunStore(resolve(options.out ?? join('.topology-bench', 'runs')));
      const outcome = await run(chosen, runs, targetFor(chosen, context), context);
      const { record, failure } = outcome;
      if (record === undefined) throw failure ?? new Error('The run ended without a record.');
      await sayWhere(record, outcome.saved, runs, options, context);
      context.stdout.write(options.json === true ? `${JSON.stringify(record, null, 2)}\n` : recordTable(record));
      if (failure !== undefined) printFailure(nothingMeasured(failure, record), context.stderr);
      process.exitCode = exitCodeOf(record, outcome);
      if (options.report !== undefined) await report(record, options.report, context);
    });
}

/** What became of a run. */
interface Outcome {
  /** undefined: it ended before there was anything to record. */
  readonly record: RunRecord | undefined;
  /** Why nothing was measured; such a run can have a record all the same. */
  readonly failure: BenchError | undefined;
  readonly saved: boolean;
  readonly cleaned: boolean;
}

async function run(chosen: Chosen, runs: RunStore, target: Target, context: CliContext): Promise<Outcome> {
  const printer = progressPrinter(chosen.plan, context);
  const outcome: { -readonly [Key in keyof Outcome]: Outcome[Key] } = {
    record: undefined,
    failure: undefined,
    saved: false,
    cleaned: false,
  };
  context.signal.addEventListener('abort', printer.stopping);
  try {
    await benchmark(
      chosen.plan,
      newRunId(),
      {
        target: {
          preflight: (plan, runId, progress, signal) => target.preflight(plan, runId, progress, signal),
          deploy: (plan, topology, progress, signal) => target.deploy(plan, topology, progress, signal),
          async close(signal) {
            await target.close(signal);
            outcome.cleaned = true;
          },
        },
        runs: {
          async save(result) {
            await runs.save(result);
            outcome.saved = true;
          },
        },
        payload: await chosen.assets.payload(),
        clock: systemClock,
        sha256,
        version: context.version,
        origin: chosen.origin,
        thisMachine: thisMachine(),
      },
      (event) => {
        // However the rest goes: what is in the record was measured.
        if (event.type === 'run-ended') outcome.record = event.record;
        printer.print(event);
      },
      context.signal,
    );
  } catch (error) {
    outcome.failure = toBenchError(error, 'running the benchmark');
  } finally {
    context.signal.removeEventListener('abort', printer.stopping);
    printer.end();
  }
  return outcome;
}

/** The progress has said already what became of a topology, and some servers' last words are long. */
function nothingMeasured(failure: BenchError, { topologies }: RunRecord): BenchError {
  const said = topologies.some((topology) => topology.failure?.reason === failure.reason);
  if (!said) return failure;
  const { reason, nextStep } = failure;
  return new BenchError({ reason, message: 'Nothing was measured.', nextStep, cause: failure });
}

/** Names the file of the record; one that its folder did not take goes where there may be room. */
async function sayWhere(
  record: RunRecord,
  saved: boolean,
  runs: RunStore,
  options: RunOptions,
  context: CliContext,
): Promise<void> {
  if (saved) {
    context.stderr.write(`Record: ${runs.pathOf(record.id)}\n`);
    return;
  }
  try {
    context.stderr.write(`Record: ${await saveElsewhere(record)} (to be moved: ${runs.directory} did not take it)\n`);
  } catch (error) {
    const left = options.json === true ? 'the JSON on standard output' : 'the table; --json prints all of it';
    context.stderr.write(`Warning: ${explain(error)} What is left of the record is ${left}.\n`);
  }
}

/** A report that cannot be written takes nothing from the record, which is out already. */
async function report(record: RunRecord, path: string, context: CliContext): Promise<void> {
  const file = resolve(path);
  try {
    await writeReport({ file, records: [record], root: context.root });
    context.stderr.write(`Report: ${file}\n`);
  } catch (error) {
    printFailure(error, context.stderr);
    if (process.exitCode === exitCodes.ok) process.exitCode = exitCodes.failed;
  }
}

function targetOf(chosen: Chosen, context: CliContext): Target {
  const { assets, modelPaths } = chosen;
  const loadDriver = createLoadDriver({ workerPath: assets.workerPath });
  if (chosen.plan.target.kind === 'local') {
    return createLocalTarget({ assets, loadDriver, modelPaths, log: (line) => context.stderr.write(`${line}\n`) });
  }
  return createKubernetesTarget({
    assets,
    loadDriver,
    modelPaths,
    ...(chosen.kubeContext === undefined ? {} : { context: chosen.kubeContext }),
    ...(chosen.kubeconfigPath === undefined ? {} : { kubeconfigPath: chosen.kubeconfigPath }),
    ...(chosen.packageIndexUrl === undefined ? {} : { packageIndexUrl: chosen.packageIndexUrl }),
  });
}

/** 1 when a script must not take the numbers for good ones, or when something is left to do: not saved, not cleaned up. */
function exitCodeOf(record: RunRecord, { failure, saved, cleaned }: Outcome): ExitCode {
  if (record.status === 'cancelled' || isCancelled(failure)) return exitCodes.cancelled;
  if (record.status === 'failed' || failure !== undefined || !saved || !cleaned) return exitCodes.failed;
  const invalid = record.topologies.some((topology) =>
    topology.phases.some((phase) => phase.kind === 'measured' && !phase.validity.valid),
  );
  return invalid ? exitCodes.failed : exitCodes.ok;
}
