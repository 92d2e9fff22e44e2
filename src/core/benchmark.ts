import { isEndpointPlan } from './anyPlan.ts';
import { canonicalJson } from './canonicalJson.ts';
import { combineRepetitions } from './combineRepetitions.ts';
import type { AnyPlan, AnyTopology } from './endpointPlan.ts';
import { BenchError, cancelled, explain, isCancelled, throwIfCancelled, toBenchError } from './errors.ts';
import type { RunEvent } from './events.ts';
import { failureOf } from './failure.ts';
import { notGpu } from './gpuUse.ts';
import { searchOutcome } from './loadProgram.ts';
import { measureTopology, type TopologyMeasurement } from './measureTopology.ts';
import {
  canBeAsked,
  type Answer,
  type DeployProgress,
  type Deployment,
  type LoadOutcome,
  type Ports,
  type Served,
} from './ports.ts';
import type { Environment, Failure, Machine, PhaseResult, RunRecord, SameAnswers, TopologyResult } from './record.ts';
import { startRunTimes } from './runTimes.ts';
import { answerInputs, compareAnswers, type AnswerInputs } from './sameAnswers.ts';
import { markDifferentHardware } from './sameHardware.ts';
import { topologyKey } from './topologyKey.ts';
import { withoutPrivate } from './withoutPrivate.ts';

/** Longest time that clean-up may take after the run itself was stopped. */
const cleanUpMs = 180_000;

/**
 * The run itself, from top to bottom. One topology after the other is deployed, asked the same questions, loaded and
 * removed, so that each has the GPU to itself. What was measured goes out as an event first, then to disk; then
 * everything that the run made is removed, also after a failure and after a cancel.
 * @returns the record; a run in which a topology failed returns one too, with the failure in it
 * @throws BenchError when nothing was measured: preflight failed, or the run was cancelled before the first phase ended
 */
export async function benchmark<Run extends AnyPlan>(
  plan: Run,
  runId: string,
  ports: Ports<Run>,
  listener: (event: RunEvent) => void,
  signal: AbortSignal,
): Promise<RunRecord> {
  const times = startRunTimes(ports.clock);
  const { startedAt } = times;
  const { emit, rethrow } = guarded(listener);
  emit({ type: 'run-started', id: runId, at: startedAt, plan });
  const warnings: string[] = [];
  const warn = (message: string): void => {
    warnings.push(message);
    emit({ type: 'warning', message });
  };
  let failure: BenchError | undefined;
  let record: RunRecord | undefined;
  try {
    emit({ type: 'stage', topology: null, stage: 'preflight' });
    throwIfCancelled(signal, 'the run was about to start');
    const progress = progressOf(null, emit, warn);
    const environment = await ports.target.preflight(plan, runId, progress, signal);
    const outcome = await runTopologies(plan, ports, emit, warn, signal);
    const { endedAt, warning } = times.end();
    if (warning !== null) warn(warning);
    record = assemble({ plan, runId, startedAt, endedAt, environment, outcome, warnings, ports });
    if (outcome.results.every((result) => result.phases.every((phase) => phase.kind === 'warm-up'))) {
      failure = outcome.failure ?? (signal.aborted ? cancelled('nothing had been measured yet') : undefined);
    }
    if (failure === undefined || !isCancelled(failure)) {
      emit({ type: 'run-ended', record });
      await save(ports, record, emit);
    }
  } catch (error) {
    failure = toBenchError(error, 'running the benchmark');
  }
  await close(ports, emit, warn);
  emit({ type: 'run-closed', failure: failure === undefined ? null : recordedFailure(failure) });
  rethrow();
  if (record === undefined || failure !== undefined) throw failure ?? cancelled('the run was under way');
  return record;
}

/** A listener that throws must not keep a run from being cleaned up; its first error is thrown when that is done. */
function guarded(listener: (event: RunEvent) => void): { emit: (event: RunEvent) => void; rethrow: () => void } {
  let first: { readonly error: unknown } | undefined;
  return {
    emit(event) {
      try {
        listener(event);
      } catch (error) {
        first ??= { error };
      }
    },
    rethrow() {
      if (first !== undefined) throw toBenchError(first.error, 'telling how the run goes');
    },
  };
}

interface Outcome {
  readonly results: readonly TopologyResult[];
  readonly sameAnswers: SameAnswers;
  readonly failure: BenchError | undefined;
  readonly software: LoadOutcome;
}

async function runTopologies<Run extends AnyPlan>(
  plan: Run,
  ports: Ports<Run>,
  emit: (event: RunEvent) => void,
  warn: (message: string) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const answers = new AnswerCheck(answerInputs(ports.payload));
  const { repetitions } = plan.load;
  // An array's elements are of no generic type by themselves.
  const topologies = plan.topologies as readonly Run['topologies'][number][];
  const results = new Map<string, TopologyResult>();
  let failure: BenchError | undefined;
  let software = { node: 'unknown', autocannon: 'unknown' };
  // A B C, A B C: what drifts meanwhile, such as a machine that grows warm, drifts for all of them.
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const topology of topologies) {
      const key = topologyKey(topology);
      const before = results.get(key);
      // One that has failed has had its turn; what it measured before holds.
      if (before !== undefined && before.status !== 'completed') continue;
      const result = signal.aborted
        ? emptyResult(topology, 'cancelled', cancelled(`${key} was still to come`))
        : await runTopology(topology, repetition);
      const known = before === undefined ? result : withRepetition(before, result, warn);
      results.set(key, known);
      if (repetition === repetitions || known.status !== 'completed')
        emit({ type: 'topology-ended', topology: key, result: known });
      else emit({ type: 'repetition-ended', topology: key });
    }
  }
  const sameAnswers = isEndpointPlan(plan) ? unknownAnswers : answers.outcome();
  return { results: [...results.values()], sameAnswers, failure, software };

  async function runTopology(topology: Run['topologies'][number], repetition: number): Promise<TopologyResult> {
    const key = topologyKey(topology);
    let served: Served | undefined;
    let measured: TopologyMeasurement = { phases: [], placements: [], software: undefined, failure: undefined };
    let problem: BenchError | undefined;
    try {
      served = await ports.target.deploy(plan, topology, progressOf(key, emit, warn), signal);
      checkProviders(plan, served);
      const idle = idleGpus(plan, served);
      if (idle !== undefined) warn(`${key} ${idle}`);
      if (canBeAsked(served)) {
        emit({ type: 'stage', topology: key, stage: 'answers' });
        await answers.check(topology, served, signal);
      }
      measured = await measureTopology({ plan, topology, repetition, served, ports, emit, warn, signal });
      problem = measured.failure;
      software = measured.software ?? software;
    } catch (error) {
      problem = toBenchError(error, `benchmarking ${key}`);
    }
    if (served !== undefined) await remove(served, key);
    if (problem !== undefined) failure ??= problem;
    const status = problem === undefined ? 'completed' : statusOf(problem);
    return {
      ...emptyResult(topology, status, problem),
      runtimes: [...(served?.runtimes ?? [])],
      placements: [...(served?.placements ?? []), ...measured.placements],
      readyMs: served?.readyMs ?? null,
      uploadMs: served?.uploadMs ?? null,
      networkPolicy: served?.networkPolicy ?? (topology.name === 'hybrid' ? 'not probed' : 'not applicable'),
      phases: [...measured.phases],
      searches: searchesOf(plan, measured.phases),
    };
  }

  async function remove(served: Served, key: string): Promise<void> {
    emit({ type: 'stage', topology: key, stage: 'delete' });
    try {
      await served.remove(AbortSignal.timeout(cleanUpMs));
    } catch (error) {
      warn(`${key} was not removed yet: ${explain(toBenchError(error, 'removing it'))}`);
    }
  }
}

/** An endpoint stands alone, and what it should answer is for its owner to say. */
const unknownAnswers: SameAnswers = {
  verdict: 'not compared',
  detail: 'what an endpoint that exists already should answer is not known',
};

/** What is known of a topology after one more of its turns: it may have been placed elsewhere. */
function withRepetition(
  before: TopologyResult,
  result: TopologyResult,
  warn: (message: string) => void,
): TopologyResult {
  const phases = [...before.phases, ...result.phases];
  return {
    ...before,
    status: result.status,
    runtimes: distinct([...before.runtimes, ...result.runtimes]),
    placements: distinct([...before.placements, ...result.placements]),
    phases,
    searches: [...before.searches, ...result.searches],
    combined: combinedOf(phases, topologyKey(result.topology), warn),
    failure: result.failure,
  };
}

function searchesOf(plan: AnyPlan, phases: readonly PhaseResult[]): TopologyResult['searches'] {
  const outcome = searchOutcome(plan.load, phases);
  if (outcome === null) return [];
  const { rate, because, doubts, confident } = outcome;
  return [{ ratePerSecond: rate, because, doubts: [...doubts], confident }];
}

/** What was measured holds also where it cannot be put together. */
function combinedOf(
  phases: readonly PhaseResult[],
  key: string,
  warn: (message: string) => void,
): PhaseResult[] | null {
  try {
    return combineRepetitions(phases);
  } catch (error) {
    warn(`The repetitions of ${key} were not put together: ${toBenchError(error, 'adding them up').message}`);
    return null;
  }
}

function distinct<Value>(values: readonly Value[]): Value[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}

/** Every topology must give the same answers as the first one, or the comparison is refused. */
class AnswerCheck {
  readonly #inputs: AnswerInputs;
  #reference: { readonly key: string; readonly answers: readonly Answer[] } | undefined;
  readonly #agreed = new Set<string>();
  #difference: string | undefined;

  constructor(inputs: AnswerInputs) {
    this.#inputs = inputs;
  }

  async check(topology: AnyTopology, deployment: Deployment, signal: AbortSignal): Promise<void> {
    const key = topologyKey(topology);
    const { common, withIdentifiers } = this.#inputs;
    const answers = await deployment.infer(common, signal);
    if (topology.name === 'hybrid' && withIdentifiers.length > 0) {
      const expected = answers.slice(common.length - withIdentifiers.length);
      const difference = compareAnswers(expected, await deployment.infer(withIdentifiers, signal));
      if (difference !== undefined) {
        this.#difference = `${key} on texts with identifiers: ${difference}`;
        throw new BenchError({
          reason: 'answers-differ',
          message: `${key} does not answer a text with identifiers as it answers the text without them (${difference}): its gateway does not de-identify as it should.`,
          nextStep: "Check the gateway's settings and image, and start again.",
        });
      }
    }
    if (this.#reference === undefined) {
      this.#reference = { key, answers };
      this.#agreed.add(key);
      return;
    }
    const difference = compareAnswers(this.#reference.answers, answers);
    if (difference === undefined) {
      this.#agreed.add(key);
      return;
    }
    this.#difference = `${key} against ${this.#reference.key}: ${difference}`;
    throw new BenchError({
      reason: 'answers-differ',
      message: `${key} and ${this.#reference.key} do not give the same answers (${difference}), so they are not compared.`,
      nextStep: 'Check that both serve the same model file, tokenizer and precision.',
    });
  }

  outcome(): SameAnswers {
    if (this.#difference !== undefined) return { verdict: 'differed', detail: this.#difference };
    if (this.#agreed.size < 2) return { verdict: 'not compared', detail: 'fewer than two topologies answered' };
    return {
      verdict: 'agreed',
      detail: `${String(this.#agreed.size)} topologies gave the same answers to ${String(this.#inputs.common.length)} fixed inputs without identifiers`,
    };
  }
}

/** ONNX Runtime only warns when it falls back to the CPU; a run that asked for a GPU must not. */
function checkProviders(plan: AnyPlan, { runtimes }: Served): void {
  if (plan.gpu === null || plan.allowCpuProvider) return;
  const models = runtimes.filter((runtime) => runtime.component !== 'gateway');
  const wrong = models.find((runtime) => notGpu.includes(runtime.provider));
  if (models.length > 0 && wrong === undefined) return;
  const found = wrong === undefined ? 'no server said what it runs on' : `${wrong.component} runs on ${wrong.provider}`;
  throw new BenchError({
    reason: 'gpu-unavailable',
    message: `${plan.gpu.resource} was asked for, but ${found}, so the numbers would not be the GPU's.`,
    nextStep: 'Check that the image has the CUDA and cuDNN that ONNX Runtime needs and that the node has the driver.',
  });
}

/** Triton says of every instance where it computes; the pages of FastAPI come from one of its workers. */
function idleGpus({ gpu }: AnyPlan, { runtimes }: Served): string | undefined {
  const used = runtimes.filter(({ component, provider }) => component === 'triton' && !notGpu.includes(provider));
  const devices = new Set(used.map(({ device }) => device));
  if (gpu === null || devices.size === 0 || devices.size >= gpu.count) return undefined;
  return `holds ${String(gpu.count)} ${gpu.resource} and computes on ${[...devices].join(', ')} alone, so its numbers are not those of all its GPUs.`;
}

function progressOf(
  topology: string | null,
  emit: (event: RunEvent) => void,
  warn: (message: string) => void,
): DeployProgress {
  return {
    stage: (stage) => {
      emit({ type: 'stage', topology, stage });
    },
    status: (message) => {
      emit({ type: 'status', topology, message });
    },
    upload: (sentBytes, totalBytes) => {
      if (topology !== null) emit({ type: 'upload', topology, sentBytes, totalBytes });
    },
    warning: warn,
  };
}

/** A disk that fails must not lose the measurement: the record has gone out as an event already. */
async function save(ports: Pick<Ports, 'runs'>, record: RunRecord, emit: (event: RunEvent) => void): Promise<void> {
  emit({ type: 'stage', topology: null, stage: 'save' });
  try {
    await ports.runs.save(record);
  } catch (error) {
    emit({ type: 'warning', message: `The record was not saved: ${explain(toBenchError(error, 'saving it'))}` });
  }
}

/** Clean-up has a signal of its own, because the run's may be aborted; its failure never hides the record. */
async function close(
  ports: { readonly target: Pick<Ports['target'], 'close'> },
  emit: (event: RunEvent) => void,
  warn: (message: string) => void,
): Promise<void> {
  emit({ type: 'stage', topology: null, stage: 'delete' });
  try {
    const kept = await ports.target.close(AbortSignal.timeout(cleanUpMs));
    if (kept !== undefined) warn(kept);
  } catch (error) {
    const problem = toBenchError(error, 'cleaning up');
    warn(explain(problem));
  }
}

function assemble(parts: {
  plan: AnyPlan;
  runId: string;
  startedAt: string;
  endedAt: string;
  environment: Environment;
  outcome: Outcome;
  warnings: readonly string[];
  ports: Omit<Ports, 'target'>;
}): RunRecord {
  const { plan, outcome, ports } = parts;
  const someCancelled = outcome.results.some((result) => result.status === 'cancelled');
  const someFailed = outcome.results.some((result) => result.status === 'failed');
  const noneCompleted = outcome.results.every((result) => result.status !== 'completed');
  return {
    version: 1,
    id: parts.runId,
    repeats: ports.origin.repeats,
    startedAt: parts.startedAt,
    endedAt: parts.endedAt,
    status: someCancelled ? 'cancelled' : someFailed || noneCompleted ? 'failed' : 'completed',
    plan,
    planSha256: ports.sha256(canonicalJson(plan)),
    modelConfig: ports.origin.modelConfig,
    software: { topologyBench: ports.version, ...outcome.software, servingSha256: ports.origin.servingSha256 },
    environment: { ...parts.environment, machines: machinesUsed(plan, parts.environment, outcome.results, ports) },
    sameAnswers: outcome.sameAnswers,
    topologies: markDifferentHardware(outcome.results),
    warnings: parts.warnings.map(withoutPrivate),
    failure: outcome.failure === undefined ? null : recordedFailure(outcome.failure),
  };
}

/** Those that something ran on: a cluster's other nodes say nothing about the numbers. */
function machinesUsed(
  plan: AnyPlan,
  { machines }: Environment,
  results: readonly TopologyResult[],
  ports: Omit<Ports, 'target'>,
): Machine[] {
  const nodes = new Set(results.flatMap(({ placements }) => placements.map(({ node }) => node)));
  const used = machines.filter(({ node }) => node !== null && nodes.has(node));
  return plan.load.vantage === 'this-machine' ? [...used, ports.thisMachine] : used;
}

function emptyResult(
  topology: AnyTopology,
  status: TopologyResult['status'],
  problem: BenchError | undefined,
): TopologyResult {
  return {
    topology,
    status,
    runtimes: [],
    placements: [],
    readyMs: null,
    uploadMs: null,
    networkPolicy: topology.name === 'hybrid' ? 'not probed' : 'not applicable',
    phases: [],
    combined: null,
    searches: [],
    failure: problem === undefined ? null : recordedFailure(problem),
  };
}

function statusOf(problem: BenchError): TopologyResult['status'] {
  if (isCancelled(problem)) return 'cancelled';
  return problem.reason === 'tool-missing' ? 'skipped' : 'failed';
}

function recordedFailure(error: BenchError): Failure {
  return { ...failureOf(error), message: withoutPrivate(error.message) };
}
