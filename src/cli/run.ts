import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { benchmark } from '../core/benchmark.ts';
import type { Check } from '../core/checks.ts';
import type { AnyPlan } from '../core/endpointPlan.ts';
import { BenchError, explain, isCancelled, toBenchError, type Reason } from '../core/errors.ts';
import { whyNotGood } from '../core/goodLevel.ts';
import { levelsOf, phaseOf, resultOf, type Level } from '../core/levels.ts';
import { poolsOf } from '../core/pools.ts';
import type { Clock, Target } from '../core/ports.ts';
import type { GpuPrice } from '../core/gpuPrice.ts';
import type { Failure, RunRecord } from '../core/record.ts';
import { recordTable } from '../core/view/table.ts';
import { fewRepetitions } from '../core/twoRepetitions.ts';
import { withoutPrivate } from '../core/withoutPrivate.ts';
import { newRunId, systemClock, thisMachine } from '../engine/host.ts';
import { sha256 } from '../hashes/sha256.ts';
import { createKubernetesTarget, defaultNamespaceOf } from '../kubernetes/index.ts';
import { createLoadDriver } from '../load/driver.ts';
import { createLocalTarget } from '../local/target.ts';
import { cachedConfigTexts, keepConfigText } from '../runs/configTexts.ts';
import { openRunStore, saveElsewhere, type RunStore } from '../runs/store.ts';
import { usageError } from './arguments.ts';
import { addPlanOptions, choose, type Chosen, type PlanOptions } from './choices.ts';
import { exitCodes, type CliContext, type ExitCode } from './context.ts';
import { addEndpointOptions, chooseEndpoint, refuseEndpointOptions, type EndpointOptions } from './endpoint.ts';
import {
  addExpectationOptions,
  checksOf,
  expectationsOf,
  slosOf,
  type ExpectationOptions,
  type Expectations,
} from './expectations.ts';
import { expectedLength } from './expectedLength.ts';
import { printFailure } from './failure.ts';
import { addPriceOptions, gpuPriceOf, whyUnpriced, type PriceOptions } from './gpuPrice.ts';
import {
  cancelledProblem,
  outcomeMarkdown,
  outcomeText,
  writeOutputs,
  type OutputOptions,
  type Told,
} from './outcome.ts';
import type { Prepared } from './prepared.ts';
import { progressPrinter } from './progress.ts';
import { recordOf } from './records.ts';
import { chooseRepeat } from './repeat.ts';
import { awaitTurn, clusterOf } from './turn.ts';

interface RunOptions extends PlanOptions, EndpointOptions, ExpectationOptions, OutputOptions, PriceOptions {
  out?: string;
  json?: boolean;
  repeat?: string;
  /** False with --no-wait. */
  wait: boolean;
}

/** With what a run reads time by and waits by, and where it stands in line. */
interface RunContext extends CliContext {
  readonly clock: Clock;
  readonly claims: string | undefined;
}

/**
 * `topology-bench run [plan.yaml]`: the main job, with topologies or on an endpoint. The table goes to stdout, progress to stderr.
 * @param replaced what tests put in the place of the deployments, of the clock and of the folder of claims
 */
export function registerRun(
  program: Command,
  shared: CliContext,
  replaced: { targetFor?: typeof targetOf; clock?: Clock; claims?: string } = {},
): void {
  const { targetFor = targetOf, clock = systemClock, claims } = replaced;
  const context = { ...shared, clock, claims };
  const command = addPlanOptions(program.command('run'))
    .description('deploy the topologies, load-test each, print and save the result, and remove what was deployed')
    .option('--local', 'run on this machine, without a cluster')
    .option('--repeat <record>', "carry out a run's plan again: its file, or its id in the results folder")
    .option('--no-wait', 'fail where another benchmark uses the same, instead of waiting for it')
    .option('--out <dir>', 'folder for the run record (default: .topology-bench/runs)')
    .option('--json', 'print the run record as JSON');
  addPriceOptions(addExpectationOptions(addEndpointOptions(command)))
    .option('--report <file>', 'write a self-contained HTML report')
    .option('--junit <file>', 'write JUnit XML, for CI')
    .option('--markdown <file>', 'write Markdown; "-" prints it instead of the table')
    .action(async (planPath: string | undefined, options: RunOptions) => {
      checkOutputs(options);
      slosOf(options.slo ?? []);
      const gpuPrice = gpuPriceOf(options);
      const runs = openRunStore(resolve(options.out ?? join('.topology-bench', 'runs')));
      const repeated = options.repeat === undefined ? undefined : await recordOf('--repeat', options.repeat, runs);
      if (repeated !== undefined) context.stderr.write(`Plan: of run ${repeated.id}\n`);
      const parts = { repeated, runs, gpuPrice, options };
      if (options.endpoint !== undefined) {
        await carryOut(await chooseEndpoint(options.endpoint, planPath, options, repeated, context), parts, context);
        return;
      }
      refuseEndpointOptions(options);
      const chosen =
        repeated === undefined
          ? await choose(planPath, options, context, defaultNamespaceOf)
          : await chooseRepeat(repeated, planPath, options, context);
      const { plan, origin, configText, warnings } = chosen;
      const payload = await chosen.assets.payload();
      // Whatever becomes the current context while the run waits for its turn, it goes where it was started for.
      const cluster = clusterOf(chosen);
      const pinned = cluster === null ? chosen : { ...chosen, kubeContext: cluster.context };
      const makeTarget = (): Target => targetFor(pinned, context);
      const pools = poolsOf(plan, cluster);
      const confirm = async (): Promise<void> => undefined;
      await carryOut({ plan, payload, origin, configText, pools, warnings, makeTarget, confirm }, parts, context);
    });
}

/** What a run is told with, beside its own outcome. */
interface Telling {
  readonly repeated: RunRecord | undefined;
  readonly runs: RunStore;
  readonly gpuPrice: GpuPrice | null;
  readonly options: RunOptions;
}

/** From the last checks to the exit code. */
async function carryOut<Run extends AnyPlan>(
  prepared: Prepared<Run>,
  parts: Telling,
  context: RunContext,
): Promise<void> {
  const { repeated, runs, gpuPrice, options } = parts;
  const unused = gpuPrice === null ? [] : unusedPrice(prepared.plan, options);
  const warnings = [...prepared.warnings, ...fewRepetitions(prepared.plan), ...unused];
  for (const warning of warnings) context.stderr.write(`Warning: ${warning}\n`);
  const expectations = await expectationsOf(options, prepared.plan, repeated, runs, context);
  await prepared.confirm();
  context.stderr.write(`Expected: ${expectedLength(prepared.plan, gpuPrice)}\n`);
  await tell(await run(prepared, runs, options.wait, context), { ...parts, expectations }, context);
}

/** Why a price that was given is not shown; nothing where it is. */
function unusedPrice(plan: AnyPlan, { json, report, markdown }: RunOptions): string[] {
  const shown = json !== true || report !== undefined || markdown !== undefined;
  return whyUnpriced(plan, shown ? undefined : 'a record holds no price, nor does JUnit, and nothing else is made');
}

/** @throws BenchError plan-invalid */
function checkOutputs({ json, markdown, junit }: RunOptions): void {
  if (json === true && markdown === '-') throw usageError('--json and --markdown - would both fill standard output.');
  if (junit === '-') throw usageError('--junit takes a file, not standard output.');
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

/**
 * Prints and writes all that was asked for, whatever came of the run, and sets the exit code.
 * @throws BenchError why there is no record
 */
async function tell(
  outcome: Outcome,
  parts: Telling & { readonly expectations: Expectations },
  context: CliContext,
): Promise<void> {
  const { expectations, runs, gpuPrice, options } = parts;
  const { record, failure } = outcome;
  const told: Told = {
    record: record ?? null,
    beside: parts.repeated ?? expectations.baseline?.record ?? null,
    checks: record === undefined ? null : checksOf(expectations, record),
    problems: problemsOf(outcome),
    gpuPrice,
  };
  if (record !== undefined) {
    await sayWhere(record, outcome.saved, runs, options, context);
    if (options.json === true) context.stdout.write(`${JSON.stringify(record, null, 2)}\n`);
    else if (options.markdown !== '-') context.stdout.write(recordTable(record, gpuPrice));
    if (options.markdown !== '-') (options.json === true ? context.stderr : context.stdout).write(outcomeText(told));
    if (failure !== undefined) printFailure(nothingMeasured(failure, record), context.stderr);
    process.exitCode = exitCodeOf(record, outcome, told.checks);
  }
  if (options.markdown === '-') context.stdout.write(outcomeMarkdown(told));
  const unwritten = await writeOutputs(told, options, context.root, (line) => {
    context.stderr.write(`${line}\n`);
  });
  for (const problem of unwritten) {
    // It takes nothing from the record, which is out already.
    printFailure(problem, context.stderr);
    if (process.exitCode === exitCodes.ok) process.exitCode = exitCodes.failed;
  }
  if (record !== undefined && unwritten.length === 0 && isOnlyNotGood(record, outcome, told.checks)) {
    const place = options.json === true || options.markdown === '-' ? 'the record says' : 'the table says';
    context.stderr.write(`Exit code 1: ${notGoodText(record)}; ${place} why.\n`);
  }
  if (record === undefined) throw failure ?? new Error('The run ended without a record.');
}

/** What went wrong with the run itself, beside what its record says of its topologies. */
function problemsOf({ record, failure, saved, cleaned }: Outcome): Failure[] {
  const problem = (reason: Reason, message: string): Failure => ({ reason, message, nextStep: null });
  if (record === undefined) {
    const { reason, message, nextStep } = failure ?? toBenchError(undefined, 'running the benchmark');
    return [
      {
        ...problem(reason, withoutPrivate(message)),
        nextStep: nextStep === undefined ? null : withoutPrivate(nextStep),
      },
    ];
  }
  return [
    ...cancelledProblem(record),
    ...(saved ? [] : [problem('save-failed', 'The record was not saved in its folder.')]),
    ...(cleaned ? [] : [problem('clean-up-incomplete', 'Not everything that the run made was removed.')]),
  ];
}

async function run<Run extends AnyPlan>(
  { plan: planned, payload, origin, configText, pools, makeTarget }: Prepared<Run>,
  runs: RunStore,
  mayWait: boolean,
  context: RunContext,
): Promise<Outcome> {
  const id = newRunId();
  const target = makeTarget();
  const printer = progressPrinter(planned, context);
  const outcome: { -readonly [Key in keyof Outcome]: Outcome[Key] } = {
    record: undefined,
    failure: undefined,
    saved: false,
    cleaned: false,
  };
  let leave = async (): Promise<void> => undefined;
  try {
    leave = await awaitTurn({ id, plan: planned, pools, mayWait }, context, context.claims);
    if (configText !== null) await keepText(configText, context);
    context.signal.addEventListener('abort', printer.stopping);
    await benchmark(
      planned,
      id,
      {
        target: {
          preflight: (plan, runId, progress, signal) => target.preflight(plan, runId, progress, signal),
          deploy: (plan, topology, progress, signal) => target.deploy(plan, topology, progress, signal),
          async close(signal) {
            const kept = await target.close(signal);
            outcome.cleaned = true;
            return kept;
          },
        },
        runs: {
          async save(result) {
            await runs.save(result);
            outcome.saved = true;
          },
        },
        payload,
        clock: context.clock,
        sha256,
        version: context.version,
        origin,
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
    await leave();
  }
  return outcome;
}

/** For VS Code, which compares the configs of two runs by their texts. A run needs no text to be measured. */
async function keepText(text: string, { stderr }: CliContext): Promise<void> {
  try {
    await keepConfigText(cachedConfigTexts(), text);
  } catch (error) {
    stderr.write(`Warning: ${explain(error)}\n`);
  }
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

/** Levels whose numbers may not be believed, or that have none. Of a topology that was skipped nothing was asked. */
function notGoodLevels(record: RunRecord): readonly Level[] {
  return levelsOf(record).filter((level) =>
    phaseOf(record, level.topology, level.level) === undefined
      ? resultOf(record, level.topology)?.status !== 'skipped'
      : whyNotGood(record, level).length > 0,
  );
}

/** A run that went well and ends with 1 all the same puzzles whoever reads no table. */
function isOnlyNotGood(record: RunRecord, outcome: Outcome, checks: readonly Check[] | null): boolean {
  if (!isWhole(record, outcome) || checks !== null) return false;
  return notGoodLevels(record).length > 0;
}

function notGoodText(record: RunRecord): string {
  const [bad, all] = [notGoodLevels(record).length, levelsOf(record).length];
  const which =
    all === 1 ? 'the only measurement is' : `${String(bad)} of ${String(all)} measurements ${bad === 1 ? 'is' : 'are'}`;
  return `${which} not valid, and a script must not take the numbers for good ones`;
}

/** Whether the run came to its end and left nothing to do. */
function isWhole(record: RunRecord, { failure, saved, cleaned }: Outcome): boolean {
  return record.status === 'completed' && failure === undefined && saved && cleaned;
}

/**
 * 1 when a script must not take the numbers for good ones, or when something is left to do: not saved, not cleaned up. Where
 * checks were asked for, they say which numbers have to be good.
 */
function exitCodeOf(record: RunRecord, outcome: Outcome, checks: readonly Check[] | null): ExitCode {
  if (record.status === 'cancelled' || isCancelled(outcome.failure)) return exitCodes.cancelled;
  if (!isWhole(record, outcome)) return exitCodes.failed;
  const good =
    checks === null
      ? notGoodLevels(record).length === 0
      : checks.length > 0 && checks.every(({ outcome }) => outcome === 'passed' || outcome === 'not shown');
  return good ? exitCodes.ok : exitCodes.failed;
}
