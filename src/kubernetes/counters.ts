import { BenchError } from '../core/errors.ts';
import { openInferencePaths } from '../core/openInference.ts';
import { serverCountersFrom, type MetricsPages } from '../core/prometheus.ts';
import type { ServerCounters } from '../core/ports.ts';
import type { Forward } from './forward.ts';

/** Port-forwards to where the servers of a topology show their metrics; null where it has no such server. */
export interface MetricsPorts {
  readonly front: Forward | null;
  /** Of Triton's own port for metrics, which is reached also where only the gateway may reach Triton. */
  readonly triton: Forward | null;
}

export async function readCounters(
  ports: MetricsPorts,
  modelName: string,
  signal: AbortSignal,
): Promise<ServerCounters> {
  return serverCountersFrom(await readMetrics(ports, signal), modelName);
}

export async function readMetrics(ports: MetricsPorts, signal: AbortSignal): Promise<MetricsPages> {
  const [front, triton] = await Promise.all([readPage(ports.front, signal), readPage(ports.triton, signal)]);
  return { front, triton };
}

async function readPage(port: Forward | null, signal: AbortSignal): Promise<string | null> {
  if (port === null) return null;
  const { status, text } = await port.http({ method: 'GET', path: openInferencePaths.metrics }, signal);
  if (status === 200) return text;
  throw new BenchError({
    reason: 'connection-lost',
    message: `The server answered HTTP ${String(status)} instead of its metrics.`,
    nextStep: "Check the pod's log.",
  });
}
