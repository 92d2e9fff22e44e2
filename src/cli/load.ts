import { join } from 'node:path';
import type { Command } from 'commander';
import { isCancelled } from '../core/errors.ts';
import type { LoadSpec, PhaseMeasurement } from '../core/load.ts';
import { listText } from '../core/schemaWords.ts';
import { defaultMaxInFlight } from '../core/phaseLoad.ts';
import type { Phase, PhaseLoad } from '../core/plan.ts';
import { lookFirst } from '../endpoint/lookFirst.ts';
import { createLoadDriver } from '../load/driver.ts';
import { positiveNumber, seconds, usageError, wholeNumber } from './arguments.ts';
import { type CliContext, exitCodes } from './context.ts';
import { progressLines } from './loadProgress.ts';
import { loadReport, loadTable, type LoadSettings } from './loadReport.ts';
import { addRequestOptions, confirmTarget, requestOf, type EndpointRequest, type RequestOptions } from './request.ts';

interface LoadOptions extends RequestOptions {
  connections?: string;
  rate?: string;
  arrivals?: string;
  maxInFlight?: string;
  duration: string;
  warmUp: string;
  timeout: string;
  seed?: string;
  json?: boolean;
}

const longestSeconds = 86_400;

const arrivalKinds = ['poisson', 'constant'] as const;

const timeoutHelp =
  'longest wait for an answer, from the sending of its request; the one before the load has at least 30000';

/** `topology-bench load URL`: load on one HTTP endpoint, from this machine, in a closed or an open loop. */
export function registerLoad(program: Command, context: CliContext): void {
  const command = program
    .command('load')
    .description('Loads one HTTP endpoint and reports latency and rate.')
    .argument('<url>', 'http:// or https://host:port/path');
  addRequestOptions(command)
    .option('--connections <n>', 'closed loop: connections, each with one request at a time (1 to 4096)')
    .option('--rate <r>', 'open loop: requests a second, on a schedule that does not wait for answers (up to 100000)')
    .option('--arrivals <kind>', `open loop: one of ${arrivalKinds.join(', ')} (default: poisson)`)
    .option(
      '--max-in-flight <n>',
      `open loop: most requests unanswered at a time (default: ${String(defaultMaxInFlight)})`,
    )
    .requiredOption('--duration <seconds>', 'length of the measurement')
    .option('--warm-up <seconds>', 'load before the measurement, whose numbers are dropped', '0')
    .option('--timeout <ms>', timeoutHelp, '10000')
    .option('--seed <n>', "order of the bodies, and the open loop's schedule (default: 1)")
    .option('--json', 'print the result as JSON')
    .action(async (url: string, options: LoadOptions) => {
      const { spec, environment, settings } = await specOf(url, options);
      await confirmTarget(new URL(spec.url), options.yes === true, context);
      const outcome = await measure(spec, environment, context);
      const report = loadReport(settings, outcome.measurement, { cancelled: outcome.cancelled, nowMs: Date.now() });
      context.stdout.write(options.json === true ? `${JSON.stringify(report, null, 2)}\n` : loadTable(report));
      process.exitCode = outcome.cancelled
        ? exitCodes.cancelled
        : report.validity.valid
          ? exitCodes.ok
          : exitCodes.failed;
    });
}

async function specOf(
  target: string,
  options: LoadOptions,
): Promise<{ spec: LoadSpec; environment: EndpointRequest['environment']; settings: LoadSettings }> {
  const load = loadOf(options);
  const durationSeconds = seconds('--duration', options.duration, { zeroAllowed: false, most: longestSeconds });
  const warmUpSeconds = seconds('--warm-up', options.warmUp, { zeroAllowed: true, most: longestSeconds });
  const timeoutMs = wholeNumber('--timeout', options.timeout, { least: 1, most: 600_000, unit: 'milliseconds' });
  const seed = wholeNumber('--seed', options.seed ?? '1', { least: 0, most: 999_999_999 });
  const { sent, environment } = await requestOf(target, options);
  if (options.seed !== undefined && load.loop === 'closed' && sent.bodies.length < 2)
    throw usageError('--seed orders the bodies of --inputs or makes the schedule of --rate, and there are neither.');
  const warmUp: Phase[] =
    warmUpSeconds > 0 ? [{ name: 'warm-up', kind: 'warm-up', ...load, durationSeconds: warmUpSeconds }] : [];
  return {
    environment,
    spec: {
      ...sent,
      seed,
      timeoutMs,
      phases: [...warmUp, { name: 'load', kind: 'measured', ...load, durationSeconds }],
      gate: 'stdin',
      gateTimeoutSeconds: 60,
    },
    settings: {
      method: sent.method,
      load,
      durationSeconds,
      warmUpSeconds,
      timeoutMs,
      bodies: sent.bodies.length,
      seed,
    },
  };
}

function loadOf(options: LoadOptions): PhaseLoad {
  const { connections, rate, arrivals, maxInFlight } = options;
  if (connections !== undefined && rate !== undefined)
    throw usageError('--connections makes a closed loop and --rate an open one; give one of them.');
  if (connections !== undefined) {
    const stray = arrivals === undefined ? (maxInFlight === undefined ? undefined : '--max-in-flight') : '--arrivals';
    if (stray !== undefined) throw usageError(`${stray} is of the open loop; it goes with --rate.`);
    return { loop: 'closed', connections: wholeNumber('--connections', connections, { least: 1, most: 4096 }) };
  }
  if (rate === undefined)
    throw usageError(
      'How to load is not said.',
      'Give --connections N for a closed loop, or --rate R for an open one.',
    );
  const kind = arrivalKinds.find((known) => known === (arrivals ?? 'poisson'));
  if (kind === undefined) throw usageError(`--arrivals takes ${listText(arrivalKinds)}, not "${arrivals ?? ''}".`);
  return {
    loop: 'open',
    ratePerSecond: positiveNumber('--rate', rate, 100_000),
    arrivals: kind,
    maxInFlight: wholeNumber('--max-in-flight', maxInFlight ?? String(defaultMaxInFlight), { least: 1, most: 4096 }),
  };
}

async function measure(
  spec: LoadSpec,
  environment: Readonly<Record<string, string>>,
  context: CliContext,
): Promise<{ measurement: PhaseMeasurement | null; cancelled: boolean }> {
  const driver = createLoadDriver({ workerPath: join(context.root, 'dist', 'worker.cjs') });
  const { phases } = spec;
  const progress = progressLines(phases, context);
  const measuredPhase = phases.length - 1;
  let measurement: PhaseMeasurement | null = null;
  const keep = (phase: number, result: PhaseMeasurement): void => {
    if (phase === measuredPhase) measurement = result;
  };
  try {
    const { timeoutMs, seed } = spec;
    const look = { name: 'endpoint', timeoutMs, seed, status: progress.status };
    await lookFirst({ sent: spec, environment }, look, context.signal);
    await driver.run(
      spec,
      environment,
      {
        nextPhase: async (index) => {
          progress.started(index);
          return phases[index] ?? null;
        },
        phaseEnded: async (phase, result) => {
          keep(phase, result);
        },
        phaseCancelled: keep,
        snapshot: progress.snapshot,
        warning: (message) => {
          context.stderr.write(`Warning: ${message}\n`);
        },
      },
      context.signal,
    );
    return { measurement, cancelled: false };
  } catch (error) {
    if (isCancelled(error)) return { measurement, cancelled: true };
    throw error;
  } finally {
    progress.end();
  }
}
