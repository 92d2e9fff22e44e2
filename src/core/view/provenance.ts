import { isEndpointPlan, topologyName } from '../anyPlan.ts';
import type { AnyPlan, EndpointPlan } from '../endpointPlan.ts';
import { loadNames } from '../phaseLoad.ts';
import type { Phase, Plan, TopologyPlan, TritonSettings } from '../plan.ts';
import type {
  Intervals,
  Machine,
  ModelConfig,
  Placement,
  RunRecord,
  RuntimeReport,
  TopologyResult,
} from '../record.ts';
import { areOverRepetitions, repeatedMethod } from '../repeatedMethod.ts';
import { topologyKey } from '../topologyKey.ts';
import { twoRepetitionsText } from '../twoRepetitions.ts';
import { briefPhaseDoubt, validityLimits } from '../validityLimits.ts';
import { failureGist } from './failureText.ts';
import { formatCount, formatList, formatSeconds, formatTime, sentence, type TimeWords } from './format.ts';
import { generatorOverhead } from './generatorOverhead.ts';
import { loadTiming } from './loadTiming.ts';
import { measuredRecord, repetitionsUsed, rowsOf, type Measured, type PhaseRow } from './measured.ts';
import { repetitionCounts } from './repetitionCounts.ts';
import { caveatsOfAll } from './resultTable.ts';

/** How a run was measured: terms and texts, in sections. */
export interface FactSection {
  readonly title: string;
  readonly facts: readonly Fact[];
}

export interface Fact {
  readonly term: string;
  readonly text: string;
}

/** What is known before a run has ended. */
export function planFacts(plan: AnyPlan): FactSection[] {
  return [{ title: 'Load', facts: loadFacts(plan) }, subjectFacts(plan)];
}

/** @param words of the one reader that it is for, if any */
export function recordFacts(record: RunRecord, words?: TimeWords): FactSection[] {
  const subject = subjectFacts(record.plan);
  return [
    { title: 'Load', facts: [...loadFacts(record.plan), { term: 'Intervals', text: intervalsText(record) }] },
    { title: 'Where', facts: whereFacts(record) },
    {
      title: subject.title,
      facts: [
        ...subject.facts,
        ...(record.modelConfig === null ? [] : [configFact(record.modelConfig)]),
        { term: 'Same answers', text: answersText(record) },
      ],
    },
    ...record.topologies.map((result) => ({
      title: topologyName(record.plan, topologyKey(result.topology)),
      facts: topologyFacts(result),
    })),
    { title: 'Record', facts: recordIdentity(record, words) },
  ];
}

/** Of a run under way: what all rows carry so far, and the table's notes therefore leave out. Each text once. */
export function liveCaveats(measured: Measured): string[] {
  return [...new Set(caveatsOfAll(rowsOf(measured)).map(sentence))];
}

/** What limits the whole result; what limits single rows stands in the table's notes. Each text once. */
export function recordCaveats(record: RunRecord): string[] {
  const { plan } = record;
  const caveats: string[] = [];
  if (record.sameAnswers.verdict === 'differed') {
    caveats.push(`The answers differed, so the topologies cannot be compared: ${record.sameAnswers.detail}`);
  }
  const rows = rowsOf(measuredRecord(record));
  const counts = repetitionCounts(rows);
  const repeated = rows.some(({ intervals }) => intervals !== null && areOverRepetitions(intervals));
  if (record.topologies.length > 1 && plan.load.repetitions === 1) {
    caveats.push(
      'Each topology ran once, one after the other, not interleaved: a change of the machine in between looks like a difference.',
    );
  }
  const turn = isEndpointPlan(plan) ? 'time' : 'deployment';
  caveats.push(
    intervalsOf(record) === undefined
      ? '95% intervals were not computed.'
      : repeated
        ? `The 95% intervals, below the figures or in brackets, hold what changes from one ${turn} to the next${counts.single > 0 ? ', but not those of rows that rest on one repetition' : ''}.`
        : `The 95% intervals, below the figures or in brackets, hold the chance within a phase: what changes more slowly than the phase, or from one ${turn} to the next, is not in them.`,
  );
  if (rows.some(({ intervals }) => intervals?.method === repeatedMethod)) {
    caveats.push(
      'p50, p95, p99 and RPS of a row over several repetitions are the geometric means of those of its repetitions.',
    );
  }
  if (rows.some(isOverTwo)) caveats.push(twoRepetitionsText);
  const overhead = generatorOverhead(record.topologies);
  if (overhead !== null) caveats.push(overhead);
  const onCpu = record.topologies.filter((result) =>
    result.runtimes.some((runtime) => runtime.provider === 'CPUExecutionProvider'),
  );
  if (plan.gpu !== null && onCpu.length > 0) {
    caveats.push(
      `A GPU (${plan.gpu.resource}) was asked for and held, but ${formatList(onCpu.map((result) => topologyKey(result.topology)))} computed on the CPU, which the plan allows: these are not a GPU's numbers.`,
    );
  }
  if (record.topologies.some((result) => result.networkPolicy === 'not enforced')) {
    caveats.push('The cluster does not enforce network policies: a pod that is not the gateway reached Triton.');
  }
  if (rows.some(({ validity }) => validity.caveats.some((caveat) => caveat.endsWith(briefPhaseDoubt)))) {
    caveats.push(
      `A level shorter than ${String(validityLimits.steadySeconds)} s may be unstable and count as valid: what changed may be one short disturbance.`,
    );
  }
  const said = new Set(caveatsOfAll(rows));
  return [...new Set([...caveats, ...said, ...record.warnings].map(sentence))];
}

function isOverTwo(row: PhaseRow): boolean {
  return row.intervals !== null && areOverRepetitions(row.intervals) && repetitionsUsed(row).length === 2;
}

function loadFacts(plan: AnyPlan): Fact[] {
  const { load } = plan;
  return [
    { term: 'Profile', text: `${load.profile}: ${ladderText(load.phases)}` },
    { term: 'Load from', text: load.vantage === 'in-cluster' ? 'inside the cluster' : 'this machine' },
    {
      term: 'Order',
      text: orderText(plan),
    },
    {
      term: 'Payload',
      text: payloadText(plan),
    },
    { term: 'Timeout', text: `${String(load.timeoutMs)} ms` },
  ];
}

function intervalsOf(record: RunRecord): Intervals | undefined {
  return rowsOf(measuredRecord(record)).find((row) => row.intervals !== null)?.intervals ?? undefined;
}

function intervalsText(record: RunRecord): string {
  const intervals = intervalsOf(record);
  if (intervals === undefined) return 'not computed';
  const drawn =
    intervals.resamples === 0 ? '' : `, ${String(intervals.resamples)} resamples, seed ${String(intervals.seed)}`;
  return `95%, ${intervals.method}${drawn}`;
}

export function payloadText({ target, load: { payload, seed } }: AnyPlan): string {
  const drawn = `sha256 ${short(payload.sha256)}, seed ${String(seed)}`;
  if (target.kind !== 'endpoint') return `${payload.name}, ${formatCount(payload.texts, 'text')}, ${drawn}`;
  return payload.texts === 0 ? 'requests without a body' : `${formatCount(payload.texts, 'body', 'bodies')}, ${drawn}`;
}

function orderText(plan: AnyPlan): string {
  const { repetitions } = plan.load;
  if (isEndpointPlan(plan)) return repetitions > 1 ? `${String(repetitions)} times, one after the other` : 'once';
  const order = plan.topologies.map(topologyKey);
  if (repetitions > 1) return `${order.join(', then ')}; ${String(repetitions)} turns, each deployed anew`;
  return order.length > 1 ? `${order.join(', then ')}; each once, not interleaved` : 'one topology, once';
}

function ladderText(phases: readonly Phase[]): string {
  const measured = phases.filter((phase) => phase.kind === 'measured');
  const warmUp = phases
    .filter((phase) => phase.kind === 'warm-up')
    .reduce((sum, phase) => sum + phase.durationSeconds, 0);
  const seconds = [...new Set(measured.map((phase) => phase.durationSeconds))];
  const each = seconds.length === 1 ? `${String(seconds[0])} s each` : `${formatList(seconds.map(String))} s`;
  return `${loadNames(measured, formatList)}, ${each}, after ${String(warmUp)} s of warm-up in all that are dropped`;
}

/** What the run was of. */
function subjectFacts(plan: AnyPlan): FactSection {
  return isEndpointPlan(plan)
    ? { title: 'Endpoint', facts: endpointFacts(plan) }
    : { title: 'Model', facts: modelFacts(plan) };
}

function endpointFacts({ target }: EndpointPlan): Fact[] {
  return [
    { term: 'Name', text: target.name },
    { term: 'Requests', text: `${target.method} over ${target.https ? 'https' : 'http'}` },
  ];
}

function modelFacts(plan: Plan): Fact[] {
  const { model } = plan;
  return [
    { term: 'Model', text: modelText(plan) },
    { term: 'Files', text: model.files.map((file) => `${file.name} (sha256 ${short(file.sha256)})`).join(', ') },
    {
      term: 'Limits',
      text: `batches up to ${String(model.maxBatchSize)}, ${String(model.maxLength)} tokens, padded up to ${formatList(model.paddingBuckets.map(String))}`,
    },
  ];
}

export function modelText({ model }: Plan): string {
  return `${model.name}, ${model.task}, ${model.precision}, labels ${formatList(model.labels)}`;
}

function whereFacts(record: RunRecord): Fact[] {
  const { environment } = record;
  return [
    { term: 'Target', text: targetText(record) },
    { term: 'GPU', text: gpuText(record) },
    ...(environment.machines.length === 0
      ? // A record from before machines were told apart, or of a run whose pods came to no node.
        [{ term: record.plan.target.kind === 'kubernetes' ? 'Nodes' : 'This machine', text: environment.machine }]
      : environment.machines.map(machineFact)),
  ];
}

function targetText({ environment, plan: { target } }: RunRecord): string {
  switch (target.kind) {
    case 'local':
      return 'this machine, without a cluster';
    case 'endpoint':
      return 'an endpoint that existed already';
    case 'kubernetes':
      return `Kubernetes ${environment.serverVersion ?? 'of unknown version'}, cluster ${environment.cluster ?? 'unknown'}, namespace ${target.namespace}`;
  }
}

function machineFact(machine: Machine): Fact {
  return {
    term: machine.node === null ? 'This machine' : `Node ${machine.node}`,
    text: machineText(machine),
  };
}

/** Hardware and system, without the name. */
export function machineText(machine: Machine): string {
  const { instanceType, cpuModel, architecture, cores, memoryMiB, system, kernel } = machine;
  const parts = [
    instanceType,
    cpuModel,
    architecture,
    cores === null ? null : formatCount(cores, 'core'),
    memoryMiB === null ? null : `${String(memoryMiB)} MiB`,
    system,
    kernel === null ? null : `kernel ${kernel}`,
    machine.containerRuntime,
    machine.kubelet === null ? null : `kubelet ${machine.kubelet}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

export function configFact({ format, sha256 }: ModelConfig): Fact {
  return { term: 'Config', text: `${format}, sha256 ${short(sha256)}` };
}

export function gpuText(record: RunRecord): string {
  const { gpu } = record.plan;
  if (isEndpointPlan(record.plan)) return 'not known';
  if (gpu === null) return 'none: CPU only';
  const products =
    record.environment.gpuProducts.length === 0 ? 'product not reported' : formatList(record.environment.gpuProducts);
  const drivers = record.environment.driverVersions;
  return `${String(gpu.count)} × ${gpu.resource}, ${products}, ${drivers.length === 0 ? 'driver not reported' : `driver ${formatList(drivers)}`}`;
}

export function answersText(record: RunRecord): string {
  return `${record.sameAnswers.verdict}: ${record.sameAnswers.detail}`;
}

function topologyFacts(result: TopologyResult): Fact[] {
  const { topology } = result;
  const facts: Fact[] = [
    {
      term: 'Status',
      text: result.failure === null ? result.status : `${result.status}: ${failureGist(result.failure)}`,
    },
  ];
  for (const runtime of result.runtimes) facts.push({ term: runtime.component, text: runtimeText(runtime) });
  if (topology.name !== 'endpoint') facts.push({ term: 'Resources', text: resourcesText(topology) });
  if (topology.name !== 'endpoint' && topology.triton !== null)
    facts.push({ term: 'Batching', text: batchingText(topology.triton) });
  for (const placement of result.placements) {
    facts.push({
      term: placement.component === 'load' ? 'Load generator' : `${placement.component} pod`,
      text: placementText(placement),
    });
  }
  const timing = loadTiming([result]);
  if (timing !== null) facts.push({ term: 'Load timing', text: timing });
  if (result.readyMs !== null) {
    const upload = result.uploadMs === null ? '' : `, ${formatSeconds(result.uploadMs)} of it model upload`;
    facts.push({ term: 'Ready after', text: `${formatSeconds(result.readyMs)}${upload}` });
  }
  if (result.networkPolicy !== 'not applicable') {
    facts.push({
      term: 'Network policy',
      text: `${result.networkPolicy}${result.networkPolicy === 'enforced' ? ': only the gateway reaches Triton' : ''}`,
    });
  }
  return facts;
}

export function runtimeText(runtime: RuntimeReport): string {
  const { runtime: name, runtimeVersion, provider, device, serverVersion } = runtime;
  if (provider === 'none') return `server ${serverVersion}; runs no model`;
  return `${name} ${runtimeVersion}, ${provider} on ${device}, server ${serverVersion}`;
}

export function resourcesText({ cores, memoryMiB, split }: TopologyPlan): string {
  const shared =
    split === null ? '' : ` (${String(split.gatewayCores)} for the gateway, ${String(split.tritonCores)} for Triton)`;
  return `${formatCount(cores, 'core')}${shared}, ${String(memoryMiB)} MiB`;
}

function batchingText(triton: TritonSettings): string {
  const instances = formatCount(triton.instances, 'instance');
  if (triton.dynamicBatching === null) return `no dynamic batching, ${instances}`;
  const { preferredBatchSizes, maxQueueDelayMicroseconds } = triton.dynamicBatching;
  const preferred =
    preferredBatchSizes.length === 0 ? '' : `, preferred sizes ${formatList(preferredBatchSizes.map(String))}`;
  return `dynamic batching${preferred}, queue delay up to ${String(maxQueueDelayMicroseconds)} µs, ${instances}`;
}

function placementText(placement: Placement): string {
  const parts = [
    placement.node === null ? null : `node ${placement.node}`,
    placement.gpuProduct,
    placement.image,
    placement.imageDigest === null ? null : short(placement.imageDigest),
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'not reported' : parts.join(', ');
}

function recordIdentity(record: RunRecord, words: TimeWords | undefined): Fact[] {
  const { software } = record;
  return [
    { term: 'Run', text: record.id },
    { term: 'Time', text: `${formatTime(record.startedAt, words)} to ${formatTime(record.endedAt, words)}` },
    {
      term: 'Software',
      text: `Topology Bench ${software.topologyBench}, Node.js ${software.node}, autocannon ${software.autocannon}`,
    },
    ...(software.servingSha256 === null
      ? []
      : [{ term: "Servers' code", text: `sha256 ${short(software.servingSha256)}` }]),
    { term: 'Plan', text: `sha256 ${short(record.planSha256)}` },
    ...(record.repeats === null ? [] : [{ term: 'Repeats', text: `run ${record.repeats}` }]),
  ];
}

/** Twelve digits tell hashes apart; the record has them all. */
function short(hash: string): string {
  const [algorithm, digits] = hash.includes(':') ? hash.split(':', 2) : ['', hash];
  const prefix = algorithm === undefined || algorithm === '' ? '' : `${algorithm}:`;
  return `${prefix}${(digits ?? '').slice(0, 12)}`;
}
