import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { benchmark } from '../core/benchmark.ts';
import type { Target } from '../core/ports.ts';
import type { RunRecord } from '../core/record.ts';
import { recordTable } from '../core/view/table.ts';
import { newRunId, sha256, systemClock } from '../engine/host.ts';
import { createKubernetesTarget, defaultNamespaceOf } from '../kubernetes/index.ts';
import { createLoadDriver } from '../load/driver.ts';
import { createLocalTarget } from '../local/target.ts';
import { openRunStore } from '../runs/store.ts';
import { addPlanOptions, choose, type Chosen, type PlanOptions } from './choices.ts';
import { exitCodes, type CliContext } from './context.ts';
import { progressPrinter } from './progress.ts';
import { writeReport } from './report.ts';

interface RunOptions extends PlanOptions {
  out?: string;
  report?: string;
  json?: boolean;
}

/** `topology-bench run [plan.yaml]`: the main job. The table goes to stdout, progress to stderr. */
export function registerRun(program: Command, context: CliContext): void {
  addPlanOptions(program.command('run'))
    .description('deploy the topologies, load-test each, print and save the result, and remove what was deployed')
    .option('--out <dir>', 'folder for the run record (default: .topology-bench/runs)')
    .option('--report <file>', 'write a self-contained HTML report')
    .option('--json', 'print the run record as JSON')
    .action(async (planPath: string | undefined, options: RunOptions) => {
      const chosen = await choose(planPath, options, context, defaultNamespaceOf);
      const outcome = await run(chosen, options, context);
      const { record } = outcome;
      context.stdout.write(options.json === true ? `${JSON.stringify(record, null, 2)}\n` : recordTable(record));
      if (options.report !== undefined) {
        await writeReport({ file: resolve(options.report), records: [record], root: context.root });
        context.stderr.write(`Report: ${resolve(options.report)}\n`);
      }
      process.exitCode = exitCodeOf(outcome);
    });
}

/** What became of a run beside its record. */
interface Outcome {
  readonly record: RunRecord;
  readonly saved: boolean;
  readonly cleaned: boolean;
}

async function run(chosen: Chosen, options: RunOptions, context: CliContext): Promise<Outcome> {
  for (const warning of chosen.warnings) context.stderr.write(`Warning: ${warning}\n`);
  const runs = openRunStore(resolve(options.out ?? join('.topology-bench', 'runs')));
  const target = targetOf(chosen, context);
  const printer = progressPrinter(chosen.plan, context);
  const done = { saved: false, cleaned: false };
  try {
    const record = await benchmark(
      chosen.plan,
      newRunId(),
      {
        target: {
          preflight: (plan, runId, progress, signal) => target.preflight(plan, runId, progress, signal),
          deploy: (plan, topology, progress, signal) => target.deploy(plan, topology, progress, signal),
          async close(signal) {
            await target.close(signal);
            done.cleaned = true;
          },
        },
        runs: {
          async save(result) {
            await runs.save(result);
            done.saved = true;
          },
        },
        payload: await chosen.assets.payload(),
        clock: systemClock,
        sha256,
        version: context.version,
      },
      (event) => {
        printer.print(event);
      },
      context.signal,
    );
    printer.end();
    if (done.saved) context.stderr.write(`Record: ${runs.pathOf(record.id)}\n`);
    return { record, ...done };
  } finally {
    printer.end();
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
function exitCodeOf({ record, saved, cleaned }: Outcome): number {
  if (record.status === 'cancelled') return exitCodes.cancelled;
  if (record.status === 'failed' || !saved || !cleaned) return exitCodes.failed;
  const invalid = record.topologies.some((topology) =>
    topology.phases.some((phase) => phase.kind === 'measured' && !phase.validity.valid),
  );
  return invalid ? exitCodes.failed : exitCodes.ok;
}
