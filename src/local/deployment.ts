import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { BenchError, throwIfCancelled } from '../core/errors.ts';
import { answersFrom, inferenceError, inferenceRequestBody, openInferencePaths } from '../core/openInference.ts';
import { topologyKey } from '../core/plan.ts';
import type {
  Answer,
  DeployProgress,
  Deployment,
  LoadDriver,
  LoadHandlers,
  LoadOutcome,
  LoadRequest,
  ServerCounters,
} from '../core/ports.ts';
import { runtimeReportsFrom, serverCountersFrom } from '../core/prometheus.ts';
import type { Placement, RuntimeReport } from '../core/record.ts';
import { apiKeyHeader } from '../topologies/hybrid.ts';
import { areFree, freePorts, loopbackAddress, loopbackRequest, type LoopbackResponse } from './loopback.ts';
import { fastapiCommand, gatewayCommand, tritonCommand, type ServerParts } from './servers.ts';
import { logTail } from './serverLog.ts';
import { ServerProcess } from './serverProcess.ts';

const requestTimeoutMs = 30_000;
const pollMs = 100;
/** Of a server whose ports another process took between our look at them and its start. */
const mostStarts = 2;
const gateTimeoutSeconds = 600;
const apiKeyVariable = 'TOPOLOGY_BENCH_LOAD_API_KEY';

interface Server {
  readonly component: RuntimeReport['component'];
  readonly process: ServerProcess;
  readonly port: number;
  readonly metricsPort: number;
  /** All that it listens on. */
  readonly ports: readonly number[];
}

/** Finds ports for a server and starts it. */
type Start = () => Promise<Server>;

/** One topology as processes on this machine. */
export class LocalDeployment implements Deployment {
  readonly networkPolicy = 'not applicable';
  readonly uploadMs = null;
  readonly #parts: ServerParts;
  readonly #loadDriver: LoadDriver;
  readonly #keepLog: (name: string, path: string) => Promise<void>;
  readonly #apiKey: string | null;
  readonly #servers: Server[] = [];
  #readyMs = 0;
  #runtimes: readonly RuntimeReport[] = [];
  #removed = false;

  /** @param keepLog is given the log of each server that ended before it was told to, or that was not ready in time */
  constructor(parts: ServerParts, loadDriver: LoadDriver, keepLog: (name: string, path: string) => Promise<void>) {
    this.#parts = parts;
    this.#keepLog = keepLog;
    this.#loadDriver = loadDriver;
    this.#apiKey = parts.topology.name === 'hybrid' ? randomBytes(24).toString('hex') : null;
  }

  get runtimes(): readonly RuntimeReport[] {
    return this.#runtimes;
  }

  get readyMs(): number {
    return this.#readyMs;
  }

  get placements(): readonly Placement[] {
    return this.#servers.map(({ component }) => ({
      component,
      node: null,
      gpuProduct: null,
      image: null,
      imageDigest: null,
      pinnedImage: null,
    }));
  }

  /** Starts the servers and waits until all are ready.
   * @throws BenchError pod-failed with a server's last words, not-ready, cancelled
   */
  async start(progress: DeployProgress, signal: AbortSignal): Promise<void> {
    const startedAt = performance.now();
    const deadline = startedAt + this.#parts.plan.readyTimeoutSeconds * 1000;
    progress.stage('apply');
    const { name } = this.#parts.topology;
    const startModel: Start = name === 'fastapi' ? () => this.#startFastapi(signal) : () => this.#startTriton(signal);
    const untilReady = (server: Server): Promise<void> => this.#waitUntilReady(server, deadline, progress, signal);
    const model = await startModel();
    progress.stage('wait');
    await this.#bringUp(model, startModel, untilReady);
    if (name === 'hybrid') {
      const startGateway: Start = () => this.#startGateway(signal);
      await this.#bringUp(await startGateway(), startGateway, untilReady);
    }
    this.#readyMs = performance.now() - startedAt;
    const pages = await Promise.all(this.#servers.map((server) => this.#metricsOf(server, signal)));
    this.#runtimes = pages.flatMap(runtimeReportsFrom);
  }

  async infer(texts: readonly string[], signal: AbortSignal): Promise<Answer[]> {
    const answers: Answer[] = [];
    for (const text of texts) {
      const response = await this.#ask(
        this.#front.port,
        openInferencePaths.infer(this.#parts.plan.model.name),
        signal,
        inferenceRequestBody([text]),
      );
      if (response.status !== 200) {
        throw inferenceError(`The server of ${topologyKey(this.#parts.topology)}`, response.status, response.text);
      }
      answers.push(...answersFrom(response.text, 1));
    }
    return answers;
  }

  async counters(signal: AbortSignal): Promise<ServerCounters> {
    const page = async (wanted: (server: Server) => boolean): Promise<string | null> => {
      const server = this.#servers.find(wanted);
      return server === undefined ? null : await this.#metricsOf(server, signal);
    };
    const triton = await page((server) => server.component === 'triton');
    const front = await page((server) => server.component !== 'triton');
    return serverCountersFrom({ front, triton }, this.#parts.plan.model.name);
  }

  async load(request: LoadRequest, handlers: LoadHandlers, signal: AbortSignal): Promise<LoadOutcome> {
    const { plan } = this.#parts;
    const key = this.#apiKey;
    handlers.running({ placements: [], caveats: [] });
    const over = new AbortController();
    const work = this.#loadDriver.run(
      {
        ...request,
        phases: [],
        url: `http://${loopbackAddress}:${String(this.#front.port)}${openInferencePaths.infer(plan.model.name)}`,
        tls: null,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        secretHeader: key === null ? null : { name: apiKeyHeader, environmentVariable: apiKeyVariable },
        gate: 'stdin',
        gateTimeoutSeconds,
      },
      key === null ? {} : { [apiKeyVariable]: key },
      handlers,
      AbortSignal.any([signal, over.signal]),
    );
    const death = Promise.race(
      this.#servers.map(async (server) => {
        await server.process.whenEnded;
        throw await ended(server, 'while it was under load');
      }),
    );
    try {
      return await Promise.race([work, death]);
    } finally {
      over.abort();
      await Promise.allSettled([work]);
    }
  }

  /** Ends all processes of the topology. Idempotent.
   * @throws BenchError clean-up-incomplete
   */
  async remove(): Promise<void> {
    const again = this.#removed;
    this.#removed = true;
    await Promise.all(this.#servers.map((server) => server.process.stop()));
    const died = again ? [] : this.#servers.filter((server) => server.process.died);
    for (const server of died) await this.#keepLog(server.process.name, server.process.logPath);
  }

  async #startFastapi(signal: AbortSignal): Promise<Server> {
    const ports = await freePorts(1);
    const [port = 0] = ports;
    const server = { component: 'fastapi', port, metricsPort: port, ports } as const;
    return await this.#startServer(server, fastapiCommand(this.#parts, port), signal);
  }

  async #startTriton(signal: AbortSignal): Promise<Server> {
    const { triton } = this.#parts.prepared;
    if (triton === null || triton instanceof BenchError) throw new Error('Triton was not prepared');
    const ports = await freePorts(3);
    const [http = 0, grpc = 0, metrics = 0] = ports;
    this.#tritonGrpc = grpc;
    const command = await tritonCommand(this.#parts, triton, { http, grpc, metrics });
    const server = { component: 'triton', port: http, metricsPort: metrics, ports } as const;
    return await this.#startServer(server, command, signal);
  }

  async #startGateway(signal: AbortSignal): Promise<Server> {
    const ports = await freePorts(1);
    const [port = 0] = ports;
    const command = gatewayCommand(this.#parts, port, this.#tritonGrpc, this.#apiKey ?? '');
    const server = { component: 'gateway', port, metricsPort: port, ports } as const;
    return await this.#startServer(server, command, signal);
  }

  #tritonGrpc = 0;

  async #startServer(
    about: Omit<Server, 'process'>,
    command: Parameters<typeof ServerProcess.start>[0],
    signal: AbortSignal,
  ): Promise<Server> {
    throwIfCancelled(signal, `starting ${about.component}`);
    const server = { ...about, process: await ServerProcess.start(command) };
    this.#servers.push(server);
    // A deployment that was removed in the meantime keeps nothing.
    if (this.#removed) await server.process.stop();
    return server;
  }

  /** Waits until it is ready, and starts it once more where another process was faster at its ports. */
  async #bringUp(first: Server, start: Start, untilReady: (server: Server) => Promise<void>): Promise<void> {
    let server = first;
    for (let starts = 1; ; starts += 1) {
      try {
        await untilReady(server);
        return;
      } catch (error) {
        if (starts === mostStarts || !server.process.ended || (await areFree(server.ports))) throw error;
        await server.process.stop();
        this.#servers.splice(this.#servers.indexOf(server), 1);
        server = await start();
      }
    }
  }

  async #waitUntilReady(
    server: Server,
    deadline: number,
    progress: DeployProgress,
    signal: AbortSignal,
  ): Promise<void> {
    progress.status(`Waiting until ${server.component} is ready`);
    const doing = `waiting until ${server.component} is ready`;
    for (;;) {
      throwIfCancelled(signal, doing);
      if (server.process.exitCode !== undefined) throw await ended(server, 'before it was ready');
      const asked = { port: server.port, path: openInferencePaths.ready, timeoutMs: 2000 };
      const response = await loopbackRequest(asked, signal).catch(() => undefined);
      // A stranger may answer on the port if our server could not have it.
      if (response?.status === 200 && !server.process.ended && (await answersMetrics(server, signal))) return;
      if (performance.now() > deadline) {
        await this.#keepLog(server.process.name, server.process.logPath);
        throw await notReady(server, this.#parts.plan.readyTimeoutSeconds);
      }
      await sleep(pollMs, undefined, { signal }).catch(() => undefined);
    }
  }

  async #metricsOf(server: Server, signal: AbortSignal): Promise<string> {
    const response = await this.#ask(server.metricsPort, openInferencePaths.metrics, signal);
    if (response.status === 200) return response.text;
    throw new BenchError({
      reason: 'connection-lost',
      message: `The metrics of ${server.component} answered HTTP ${String(response.status)}.`,
      nextStep: 'Start again; a server that has ended meanwhile is then named, with its log.',
    });
  }

  async #ask(port: number, path: string, signal: AbortSignal, body?: string): Promise<LoopbackResponse> {
    const headers = this.#apiKey === null ? {} : { [apiKeyHeader]: this.#apiKey };
    return await loopbackRequest(
      { port, path, headers, timeoutMs: requestTimeoutMs, ...(body === undefined ? {} : { body }) },
      signal,
    );
  }

  /** The server that the load goes to: the gateway of the hybrid, else the only one. */
  get #front(): Server {
    const front = this.#servers.at(-1);
    if (front === undefined) throw new Error('the deployment has no server');
    return front;
  }
}

async function ended(server: Server, when: string): Promise<BenchError> {
  const tail = await logTail(server.process.logPath);
  const code = server.process.exitCode ?? 0;
  return new BenchError({
    reason: 'pod-failed',
    message: `${server.component} ended with code ${String(code)} ${when}. Its last words: ${tail === '' ? 'none' : tail}`,
    nextStep: 'Its whole log is kept; see the output.',
  });
}

async function notReady(server: Server, seconds: number): Promise<BenchError> {
  const tail = await logTail(server.process.logPath);
  return new BenchError({
    reason: 'not-ready',
    message: `${server.component} was not ready after ${String(seconds)} s. Its last words: ${tail === '' ? 'none' : tail}`,
    nextStep: 'Give it more time with a longer ready timeout, or see its log, which is kept.',
  });
}

/** Triton answers that it is ready a moment before it listens on its metrics port. */
async function answersMetrics(server: Server, signal: AbortSignal): Promise<boolean> {
  const asked = { port: server.metricsPort, path: openInferencePaths.metrics, timeoutMs: 2000 };
  const response = await loopbackRequest(asked, signal).catch(() => undefined);
  return response?.status === 200;
}
