import { BenchError } from '../core/errors.ts';
import { answersFrom, inferenceError, inferenceRequestBody, openInferencePaths } from '../core/openInference.ts';
import type { Answer, ServerCounters } from '../core/ports.ts';
import { runtimeReportsFrom } from '../core/prometheus.ts';
import type { RuntimeReport } from '../core/record.ts';
import { apiKeyHeader } from '../topologies/hybrid.ts';
import { serverPorts } from '../topologies/podTemplate.ts';
import type { Cluster } from './cluster.ts';
import { readCounters, readMetrics, type MetricsPorts } from './counters.ts';
import { openForward, type Forward } from './forward.ts';
import { patiently } from './patiently.ts';
import type { StandingServer } from './supervise.ts';

/**
 * Port-forwards to the servers of a topology that is up, and what may be asked through them. Each question is asked again for a
 * minute while the connection breaks: an API server that is away for a while loses no answer and no count.
 */
export interface ServerConnection extends AsyncDisposable {
  /** Where requests go in, as a port of this machine. */
  readonly front: Forward;
  infer(texts: readonly string[], signal: AbortSignal): Promise<Answer[]>;
  counters(signal: AbortSignal): Promise<ServerCounters>;
  runtimes(signal: AbortSignal): Promise<RuntimeReport[]>;
}

/** @param apiKey of the hybrid's gateway; null for the others */
export async function connectServers(
  cluster: Cluster,
  namespace: string,
  modelName: string,
  servers: readonly StandingServer[],
  apiKey: string | null,
): Promise<ServerConnection> {
  const forwards: Forward[] = [];
  const forward = async (standing: StandingServer, port: number): Promise<Forward> => {
    const opened = await openForward(cluster, { namespace, pod: standing.pod.metadata.name, port });
    forwards.push(opened);
    return opened;
  };
  const [first] = servers;
  if (first === undefined)
    throw new BenchError({ reason: 'internal', message: 'A topology without servers cannot be asked.' });
  const front = await forward(first, serverPorts.http);
  const triton = servers.find(({ server }) => server.component === 'triton');
  const metrics: MetricsPorts = {
    front: first.server.component === 'triton' ? null : front,
    triton: triton === undefined ? null : await forward(triton, serverPorts.metrics),
  };
  return {
    front,
    async infer(texts, signal) {
      const answers: Answer[] = [];
      for (const text of texts) {
        const inferring = (): Promise<Answer[]> =>
          inferOne(front, first.server.component, modelName, text, apiKey, signal);
        answers.push(...(await patiently(inferring, 'asking the server', signal)));
      }
      return answers;
    },
    counters: (signal) =>
      patiently(() => readCounters(metrics, modelName, signal), 'reading the counters of the servers', signal),
    async runtimes(signal) {
      const asking = 'asking the servers what they run on';
      // Triton answers that it is ready a moment before it listens on its metrics port.
      const pages = await patiently(() => readMetrics(metrics, signal), asking, signal);
      const reports = [pages.front, pages.triton].flatMap((page) => (page === null ? [] : runtimeReportsFrom(page)));
      return await patiently(() => withTritonVersion(reports, first, front, signal), asking, signal);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(forwards.map((opened) => opened[Symbol.asyncDispose]()));
    },
  };
}

async function inferOne(
  front: Forward,
  component: string,
  modelName: string,
  text: string,
  apiKey: string | null,
  signal: AbortSignal,
): Promise<Answer[]> {
  const { status, text: body } = await front.http(
    {
      method: 'POST',
      path: openInferencePaths.infer(modelName),
      headers: apiKey === null ? {} : { [apiKeyHeader]: apiKey },
      body: inferenceRequestBody([text]),
    },
    signal,
  );
  if (status !== 200) throw inferenceError(`The server (${component})`, status, body);
  return answersFrom(body, 1);
}

/** Only NVIDIA's image tells the Python model which Triton it runs in; the server itself always says so. */
async function withTritonVersion(
  reports: readonly RuntimeReport[],
  first: StandingServer,
  front: Forward,
  signal: AbortSignal,
): Promise<RuntimeReport[]> {
  const gateway = reports.find(({ component }) => component === 'gateway');
  const version =
    first.server.component === 'triton'
      ? await askTritonVersion(front, signal)
      : (gateway?.runtimeVersion ?? 'unknown');
  return reports.map((report) =>
    report.component === 'triton' && report.serverVersion === 'unknown'
      ? { ...report, serverVersion: version }
      : report,
  );
}

async function askTritonVersion(front: Forward, signal: AbortSignal): Promise<string> {
  const { text } = await front.http({ method: 'GET', path: '/v2' }, signal);
  try {
    const { version } = JSON.parse(text) as { version?: unknown };
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
