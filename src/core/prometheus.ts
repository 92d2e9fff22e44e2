import type { FrontCounters, ServerCounters, TritonCounters } from './ports.ts';
import type { RuntimeReport } from './record.ts';

/** The metrics that the servers of a topology show, read from Prometheus's text format. */

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * The samples of a page in Prometheus's text format 0.0.4; comments, time stamps and lines that are no sample are passed
 * over. Takes time linear in the text and throws on none.
 */
export function parsePrometheus(text: string): Sample[] {
  const samples: Sample[] = [];
  for (const line of text.split('\n')) {
    const sample = parseLine(line);
    if (sample !== undefined) samples.push(sample);
  }
  return samples;
}

export interface MetricsPages {
  /** Of FastAPI or the gateway, which count over all their workers; null for Triton alone. */
  readonly front: string | null;
  /** Of Triton; null for FastAPI alone. */
  readonly triton: string | null;
}

/**
 * The counters of one topology. Requests are counted where the load arrives: by FastAPI or the gateway where there is
 * one, by Triton otherwise.
 */
export function serverCountersFrom(pages: MetricsPages, modelName: string): ServerCounters {
  const triton = pages.triton === null ? null : tritonCountersFrom(parsePrometheus(pages.triton), modelName);
  if (pages.front !== null) {
    const samples = parsePrometheus(pages.front);
    const component = triton === null ? 'fastapi' : 'gateway';
    return { answered: sum(samples, answeredMetric, {}), front: frontCountersFrom(samples, component), triton };
  }
  return { answered: triton?.requests ?? 0, front: null, triton };
}

/** What the servers of a metrics page report of themselves, each distinct report once. */
export function runtimeReportsFrom(text: string): RuntimeReport[] {
  const reports = new Map<string, RuntimeReport>();
  for (const { name, labels } of parsePrometheus(text)) {
    const component = labels['component'];
    if (name !== 'topology_bench_runtime_info') continue;
    if (component !== 'fastapi' && component !== 'gateway' && component !== 'triton') continue;
    const report: RuntimeReport = {
      component,
      provider: labels['provider'] ?? 'unknown',
      device: labels['device'] ?? 'unknown',
      runtime: labels['runtime'] ?? 'unknown',
      runtimeVersion: labels['runtime_version'] ?? 'unknown',
      serverVersion: labels['server_version'] ?? 'unknown',
    };
    reports.set(JSON.stringify(report), report);
  }
  return [...reports.values()];
}

/** Inference requests answered, whatever the status, summed over workers: src/serving counts them. */
const answeredMetric = 'topology_bench_requests_total';

/** Durations of the successes and of their stages: src/serving says what each one is. */
function frontCountersFrom(samples: readonly Sample[], component: FrontCounters['component']): FrontCounters {
  const stage = (name: string): number => sum(samples, 'topology_bench_stage_seconds_total', { stage: name });
  const whole = {
    requests: sum(samples, 'topology_bench_request_duration_seconds_count', {}),
    totalSeconds: sum(samples, 'topology_bench_request_duration_seconds_sum', {}),
  };
  if (component === 'gateway') {
    return { component, ...whole, deidentifySeconds: stage('deidentify'), tritonSeconds: stage('triton') };
  }
  return {
    component,
    ...whole,
    queueSeconds: stage('queue'),
    tokenizeSeconds: stage('tokenize'),
    computeSeconds: stage('compute'),
  };
}

/** Source: https://docs.nvidia.com/deeplearning/triton-inference-server/user-guide/docs/user_guide/metrics.html */
function tritonCountersFrom(samples: readonly Sample[], modelName: string): TritonCounters {
  const of = (metric: string): number => sum(samples, metric, { model: modelName });
  const successes = of('nv_inference_request_success');
  return {
    inferences: of('nv_inference_count'),
    executions: of('nv_inference_exec_count'),
    requests: successes + of('nv_inference_request_failure'),
    successes,
    requestMicroseconds: of('nv_inference_request_duration_us'),
    queueMicroseconds: of('nv_inference_queue_duration_us'),
    computeMicroseconds:
      of('nv_inference_compute_input_duration_us') +
      of('nv_inference_compute_infer_duration_us') +
      of('nv_inference_compute_output_duration_us'),
  };
}

function sum(samples: readonly Sample[], name: string, labels: Readonly<Record<string, string>>): number {
  let total = 0;
  for (const sample of samples) {
    if (sample.name !== name || !Number.isFinite(sample.value)) continue;
    if (Object.entries(labels).every(([key, value]) => sample.labels[key] === value)) total += sample.value;
  }
  return total;
}

function parseLine(line: string): Sample | undefined {
  const name = /^\s*([A-Za-z_:][\w:]*)\s*/.exec(line);
  if (name?.[1] === undefined) return undefined;
  let rest = line.slice(name[0].length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    const end = readLabels(rest, labels);
    if (end === undefined) return undefined;
    rest = rest.slice(end);
  }
  const value = parseNumber(rest.trim().split(/\s+/u)[0] ?? '');
  return value === undefined ? undefined : { name: name[1], labels, value };
}

/** Reads `{a="b",...}` at the start of the text; returns the position after it, undefined when it does not end. */
function readLabels(text: string, labels: Record<string, string>): number | undefined {
  const pair = /\s*([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*,?/uy;
  pair.lastIndex = 1;
  let end = 1;
  for (let match = pair.exec(text); match !== null; match = pair.exec(text)) {
    labels[match[1] ?? ''] = unescapeLabel(match[2] ?? '');
    end = pair.lastIndex;
  }
  const closing = /\s*\}/uy;
  closing.lastIndex = end;
  return closing.test(text) ? closing.lastIndex : undefined;
}

function unescapeLabel(text: string): string {
  return text.replace(/\\([\\n"])/gu, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
}

function parseNumber(text: string): number | undefined {
  if (/^[+-]?Inf$/iu.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^NaN$/iu.test(text)) return Number.NaN;
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? undefined : value;
}
