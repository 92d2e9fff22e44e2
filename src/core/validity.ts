import { backlogOf } from './backlog.ts';
import type { AnyPlan, AnyTopology } from './endpointPlan.ts';
import { generatorCpuLimit, generatorCpuShare } from './generatorBound.ts';
import { lateSendMs, longestLoopMs } from './lateness.ts';
import type { PhaseMeasurement } from './load.ts';
import type { LoadPlan, Phase } from './plan.ts';
import type { Validity } from './record.ts';
import { hasTooFewSamples, minimumSamples, publishedQualitySamples } from './statistics.ts';
import { threadsPerCopy } from './threads.ts';
import { steadyState, type SteadyState, type Thirds } from './steadyState.ts';
import { briefPhaseDoubt, mayBeChance, thirdsWords, validityLimits } from './validityLimits.ts';
import { formatCount } from './view/format.ts';
import { decodeWindows } from './windows.ts';

/** A caveat of what runs on the machine that the load comes from. */
export const sharedMachine = 'the load generator shared the machine with the server';

/** Whether a phase of a run may be believed, and why not. The phase's window, counts and the generator's own health decide. */
export function judgePhase(parts: {
  phase: Phase;
  measurement: PhaseMeasurement;
  /** Requests the server says it answered; null when it could not be asked. */
  serverCount: number | null;
  load: Pick<LoadPlan, 'vantage'>;
  target: AnyPlan['target']['kind'];
}): Validity {
  const { measurement, serverCount } = parts;
  const own = judgeMeasurement(measurement);
  const reasons = [...own.reasons];
  const caveats = [...own.caveats];
  const { ok, sent } = measurement.requests;
  if (serverCount !== null && (serverCount < ok || serverCount > sent)) {
    reasons.push(
      `the server counted ${String(serverCount)} answers, which is not between the ${successes(ok)} and the ${formatCount(sent, 'request')} sent`,
    );
  }
  if (parts.target === 'kubernetes' && parts.load.vantage === 'this-machine') {
    caveats.push('measured through a port-forward by the API server: a smoke test, not the latency inside the cluster');
  }
  if (parts.target === 'local') caveats.push(sharedMachine);
  if (parts.target === 'endpoint')
    caveats.push('how many requests the server answered rests on the client alone: its own counters are not known');
  return { valid: reasons.length === 0, reasons, caveats };
}

/**
 * Each of Triton's instances has a whole number of threads and at least one, so a config.pbtxt may ask for instances that
 * use fewer or more threads than the cores that every topology gets. undefined where they come out even.
 */
export function unevenCores(topology: AnyTopology): string | undefined {
  if (topology.name === 'endpoint' || topology.triton === null) return undefined;
  const { instances } = topology.triton;
  const cores = topology.split?.tritonCores ?? topology.cores;
  const threads = instances * threadsPerCopy(cores, instances);
  if (threads === cores) return undefined;
  return `Triton's ${String(instances)} instances compute with ${String(threads)} threads on ${String(cores)} ${cores === 1 ? 'core' : 'cores'}, which is not the one thread a core of a fair comparison`;
}

/** What the measurement alone says about its worth. */
export function judgeMeasurement(measurement: PhaseMeasurement): Validity {
  const reasons = [...sampleReasons(measurement), ...rateReasons(measurement), ...generatorReasons(measurement)];
  const caveats = caveatsOf(measurement);
  const missing = missingAnswers(measurement);
  if (missing !== undefined) (missing.known ? caveats : reasons).push(missing.text);
  const steady = steadinessOf(measurement);
  caveats.push(...doubtsOf(steady));
  if (steady?.state === 'unstable') {
    const unstable = unstableText(steady.quantities);
    if (windowMs(measurement) >= validityLimits.steadySeconds * 1000) reasons.push(unstable);
    else {
      caveats.push(`${unstable}${briefPhaseDoubt}`);
    }
  }
  return { valid: reasons.length === 0, reasons, caveats };
}

/** undefined for a measurement that holds no windows of time, which no phase of this version is. */
function steadinessOf({ windows, requests }: PhaseMeasurement): SteadyState | undefined {
  return windows === undefined || requests.ok === 0 ? undefined : steadyState(decodeWindows(windows));
}

/** A phase that changed its level has no one number. */
function unstableText(quantities: readonly Thirds[]): string {
  return `unstable: ${thirdsWords} ${quantities.map(thirdsText).join(', and ')}`;
}

/** What the judgement of a phase's steadiness leaves open. */
function doubtsOf(steady: SteadyState | undefined): string[] {
  if (steady === undefined || steady.state === 'unstable') return [];
  if (steady.state === 'not judged') return [`steady state not judged: ${steady.why}`];
  const { byChance, notJudged } = steady;
  return [
    ...byChance.map((thirds) => `${thirdsWords} ${thirdsText(thirds)}${mayBeChance}`),
    ...(notJudged.length === 0
      ? []
      : [`steady state of ${notJudged.join(' and ')} not judged: a third of the phase has too few successes`]),
  ];
}

function thirdsText({ quantity, values }: Thirds): string {
  const unit = quantity === 'RPS' ? '' : ' ms';
  return `${quantity} was ${values.map(threeDigits).join(', then ')}${unit}`;
}

/** Never as "1.23e+3". */
function threeDigits(value: number): string {
  return value < 999.5 ? value.toPrecision(3) : value.toFixed(0);
}

function sampleReasons(measurement: PhaseMeasurement): string[] {
  const { sent, ok, errors, inFlight } = measurement.requests;
  const { samples } = measurement.latency;
  const reasons: string[] = [];
  if (sent !== ok + errors + inFlight) {
    reasons.push(
      `requests were lost count of: ${String(sent)} sent, but ${successes(ok)}, ${formatCount(errors, 'error')} and ${String(inFlight)} in flight at the end`,
    );
  }
  if (ok === 0) reasons.push('no request succeeded');
  else if (hasTooFewSamples(measurement)) {
    reasons.push(`insufficient samples: ${successes(samples)}, and p95 needs ${String(minimumSamples(0.95))}`);
  }
  if (sent > 0 && errors / sent > validityLimits.errorShare) {
    reasons.push(
      `errors: ${percent(errors / sent)} of the requests sent failed (${kinds(measurement)}); the limit is ${percent(validityLimits.errorShare)}`,
    );
  }
  const hung = hungReason(measurement);
  return hung === undefined ? reasons : [...reasons, hung];
}

/**
 * A request that never gets its answer is no error before its timeout, and a phase may be shorter than that. One that
 * waited far longer than any answer took is taken for hung: the server, not the load, set the rate.
 */
function hungReason({ longestWaitMs, latency, requests }: PhaseMeasurement): string | undefined {
  const slowestMs = latency.maxMs ?? 0;
  const { hungFloorMs, hungFactor } = validityLimits;
  if (longestWaitMs === null || longestWaitMs < Math.max(hungFloorMs, hungFactor * slowestMs)) return undefined;
  return `of the ${formatCount(requests.inFlight, 'request')} unanswered at the end, the oldest had waited ${longestWaitMs.toFixed(0)} ms, and the slowest answer took ${slowestMs.toFixed(0)} ms: the server stopped answering`;
}

/**
 * What has no answer when the window closes is in no latency and no RPS, and it is the slow part. undefined where it is too
 * little to matter; otherwise whether p95 can be known without it.
 */
function missingAnswers(measurement: PhaseMeasurement): { readonly known: boolean; readonly text: string } | undefined {
  const { sent, ok, inFlight } = measurement.requests;
  const share = inFlight / Math.max(1, sent);
  if (ok === 0 || share <= validityLimits.unansweredShare) return undefined;
  const text = `${percent(share)} of the requests sent were unanswered at the end: the slowest answers are missing`;
  if (share <= validityLimits.mostUnansweredShare)
    return { known: true, text: `${text}, so p95 and RPS read low; measure longer` };
  // Where the server falls behind, the share stays the same however long that goes on.
  const next = backlogOf(measurement) === undefined ? 'measure longer' : 'ask for a lower rate';
  return { known: false, text: `${text}, and p95 cannot be known without them; ${next}` };
}

/** A server that answers too slowly keeps the rate down: for the room that the plan gives, or for the rate itself. */
export function rateReasons(measurement: PhaseMeasurement): string[] {
  const { schedule } = measurement;
  if (schedule === null) return [];
  if (schedule.unsent / Math.max(1, schedule.scheduled) <= validityLimits.unsentShare) {
    const backlog = backlogOf(measurement);
    if (backlog === undefined) return [];
    return [
      `the asked rate was not reached: ${String(backlog.unanswered)} of the ${String(schedule.scheduled)} requests scheduled were unanswered at the end, and a server that keeps up leaves at most ${String(backlog.most)}`,
    ];
  }
  return [
    `the asked rate was not reached: ${String(schedule.scheduled - schedule.unsent)} of the ${String(schedule.scheduled)} requests scheduled were sent (${percent(1 - schedule.unsent / schedule.scheduled)}), and at least ${percent(1 - validityLimits.unsentShare)} is needed`,
  ];
}

/** Why the load generator itself may not be believed. */
export function generatorReasons(measurement: PhaseMeasurement): string[] {
  const { eventLoopDelayP99Ms, stalledMs, scheduleDelay, lateSends, throttledMs, littlesLawResidual } =
    measurement.generator;
  const { schedule, requests } = measurement;
  const reasons: string[] = [];
  if (eventLoopDelayP99Ms > validityLimits.eventLoopDelayMs) {
    reasons.push(
      `the load generator was late: event-loop delay p99 ${eventLoopDelayP99Ms.toFixed(1)} ms, the limit is ${String(validityLimits.eventLoopDelayMs)} ms`,
    );
  }
  // A percentile counts samples, and one pause is one sample, however many requests fell into it.
  if (stalledMs !== null && stalledMs / windowMs(measurement) > validityLimits.stalledShare) {
    reasons.push(
      `the load generator was late: it stood still for ${stalledMs.toFixed(0)} ms of ${windowMs(measurement).toFixed(0)} ms, counting what its pauses had beyond ${String(longestLoopMs)} ms, and at most ${percent(validityLimits.stalledShare)} is allowed`,
    );
  }
  if (throttledMs !== null && throttledMs / windowMs(measurement) > validityLimits.throttledShare) {
    reasons.push(
      `the load generator's CPU was throttled for ${throttledMs.toFixed(0)} ms of ${windowMs(measurement).toFixed(0)} ms`,
    );
  }
  if (scheduleDelay !== null && scheduleDelay.p50Ms >= validityLimits.scheduleDelayMs) {
    reasons.push(
      `the load generator was late: median schedule delay ${scheduleDelay.p50Ms.toFixed(1)} ms, and less than ${String(validityLimits.scheduleDelayMs)} ms is needed`,
    );
  }
  if (lateSends !== null && lateSends / Math.max(1, requests.sent) > validityLimits.lateSendShare) {
    reasons.push(
      `the load generator was late: ${String(lateSends)} of the ${String(requests.sent)} requests went out more than ${String(lateSendMs)} ms after they were due (${percent(lateSends / requests.sent)}), and at most ${percent(validityLimits.lateSendShare)} is allowed`,
    );
  }
  if (littlesLawResidual !== null && littlesLawResidual > validityLimits.littlesLawResidual) {
    reasons.push(
      schedule !== null
        ? `the books do not balance: the latencies sum up to ${percent(littlesLawResidual)} more or less than the time that connections were in use, and at most ${percent(validityLimits.littlesLawResidual)} is allowed`
        : `the connections were not kept busy: requests account for ${percent(1 - littlesLawResidual)} of their time (Little's law), and at least ${percent(1 - validityLimits.littlesLawResidual)} is needed`,
    );
  }
  return [...reasons, ...teamReasons(measurement)];
}

/** Parts of different moments, or some of the parts, are no measurement of one phase. */
function teamReasons(measurement: PhaseMeasurement): string[] {
  const { team } = measurement.generator;
  if (team === null) return [];
  const reasons: string[] = [];
  if (team.lost > 0)
    reasons.push(`${String(team.lost)} of the ${String(team.generators)} load generators did not bring its part`);
  if (team.startSpreadMs > validityLimits.startSpreadMs) {
    reasons.push(
      `the load generators did not start together: ${team.startSpreadMs.toFixed(0)} ms lay between the first and the last, and ${String(validityLimits.startSpreadMs)} ms is the limit`,
    );
  }
  if (team.clockSkewMs === null)
    reasons.push(
      "the clocks of the load generators' nodes could not be read: whether the load generators started together is not known",
    );
  else if (team.clockSkewMs > validityLimits.startSpreadMs)
    reasons.push(`the clocks of the load generators' nodes differ by ${team.clockSkewMs.toFixed(0)} ms or more`);
  const shift = clockShiftText(measurement);
  if (shift !== undefined) reasons.push(`${shift}: whether the load generators started together is not known`);
  return reasons;
}

/** undefined where the clock went on as clocks do, or nobody looked. */
function clockShiftText({ generator: { clockShiftMs } }: PhaseMeasurement): string | undefined {
  if (clockShiftMs === null || Math.abs(clockShiftMs) <= validityLimits.clockShiftMs) return undefined;
  const seconds = (Math.abs(clockShiftMs) / 1000).toFixed(1);
  return clockShiftMs < 0
    ? `the load generator's clock was set back by ${seconds} s meanwhile`
    : `the load generator's clock went ahead by ${seconds} s meanwhile: it was set, or its machine slept`;
}

function caveatsOf(measurement: PhaseMeasurement): string[] {
  const { samples } = measurement.latency;
  const { throttledMs } = measurement.generator;
  const caveats: string[] = [];
  if (samples >= minimumSamples(0.95) && samples < minimumSamples(0.99)) {
    caveats.push(`p99 is left out: ${String(samples)} successes, and it needs ${String(minimumSamples(0.99))}`);
  }
  if (samples >= minimumSamples(0.95) && samples < publishedQualitySamples) {
    caveats.push(
      `quick quality: fewer than the ${publishedQualitySamples.toLocaleString('en-US')} successes of a published p95 (MLPerf)`,
    );
  }
  const cpuShare = generatorCpuShare(measurement);
  if (cpuShare > generatorCpuLimit) {
    caveats.push(
      `the load generator used ${percent(cpuShare)} of a core: its own speed limits the rate and adds to the latency`,
    );
  }
  const { schedule } = measurement;
  if (schedule !== null && schedule.late > 0) {
    caveats.push(
      `${String(schedule.late)} of ${String(schedule.scheduled)} requests were sent late, because as many as are allowed were unanswered; their latency counts from when they were due`,
    );
  }
  const { overheadMs } = measurement.generator;
  const { p50Ms } = measurement.latency;
  if (overheadMs !== null && p50Ms !== null && overheadMs.p50 > validityLimits.overheadShare * p50Ms) {
    caveats.push(
      `more than ${String(validityLimits.overheadShare * 100)}% of the median latency is the load generator's own: p50 ${overheadMs.p50.toFixed(2)} ms of an endpoint that answers at once`,
    );
  }
  const { givenUpBefore, team } = measurement.generator;
  if (team !== null && (team.clockSkewMostMs ?? 0) > validityLimits.startSpreadMs) {
    caveats.push(
      `the load generators started together to within ${(team.startSpreadMs + (team.clockSkewMostMs ?? 0)).toFixed(0)} ms, as far as is known: the clocks of their nodes could be compared to ${(team.clockSkewMostMs ?? 0).toFixed(0)} ms only`,
    );
  }
  if (givenUpBefore !== null && givenUpBefore > 0) {
    caveats.push(leftBehindText(givenUpBefore));
  }
  const shift = clockShiftText(measurement);
  // Of several generators it is a reason: they start at one moment of their clocks.
  if (shift !== undefined && team === null)
    caveats.push(`${shift}; lengths and latencies go by a clock that is not set`);
  if (throttledMs !== null && throttledMs > 0 && throttledMs / windowMs(measurement) <= validityLimits.throttledShare) {
    caveats.push(`the load generator's CPU was throttled for ${throttledMs.toFixed(0)} ms`);
  }
  return caveats;
}

/** @param givenUp requests of the phase before without an answer when it was over */
export function leftBehindText(givenUp: number): string {
  const [were, them] = givenUp === 1 ? ['was', 'it'] : ['were', 'them'];
  return `${formatCount(givenUp, 'request')} of the phase before ${were} never answered: the server may still have been at work on ${them} when this one began`;
}

function successes(count: number): string {
  return formatCount(count, 'success', 'successes');
}

/** Never 0, so that it can divide. */
function windowMs(measurement: PhaseMeasurement): number {
  return Math.max(1, measurement.window.endMs - measurement.window.startMs);
}

function kinds(measurement: PhaseMeasurement): string {
  return Object.entries(measurement.errorsByKind)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([kind, count]) => `${kind}: ${String(count)}`)
    .join(', ');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}
