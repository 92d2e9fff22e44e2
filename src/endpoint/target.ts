import { arch, availableParallelism, platform } from 'node:os';
import type { EndpointPlan } from '../core/endpointPlan.ts';
import { BenchError } from '../core/errors.ts';
import type { LoadSpec } from '../core/load.ts';
import type {
  DeployProgress,
  LoadDriver,
  LoadHandlers,
  LoadOutcome,
  LoadRequest,
  Served,
  Target,
} from '../core/ports.ts';
import type { Environment } from '../core/record.ts';
import { askOnce } from '../load/askOnce.ts';
import { checkEndpoint } from '../load/checkEndpoint.ts';
import { openEndpoint } from '../load/endpoint.ts';
import { requestBytes } from '../load/requestBytes.ts';
import { problemOf } from './firstAnswer.ts';

export interface EndpointTargetOptions {
  /** All that is sent; none of it may reach a record. */
  readonly sent: Pick<LoadSpec, 'url' | 'tls' | 'method' | 'headers' | 'secretHeader' | 'bodies'>;
  /** Where the worker finds the secret header's value. */
  readonly environment: Readonly<Record<string, string>>;
  /** Whether the endpoint is on this machine. */
  readonly thisMachine: boolean;
  readonly loadDriver: LoadDriver;
}

const networkBetween = 'the network between this machine and the endpoint is part of the latency';
/** A port-forward's address is this machine's, too. */
const loopbackBetween =
  "the endpoint's address is this machine's: the load generator shared the machine with the server, or a tunnel to the server is part of the latency";
/** Between two phases the engine decides what comes next, and waits for nobody. */
const gateTimeoutSeconds = 60;
/** For the first answer, however short the run's own timeout is: some servers load their model when they are first asked. */
const leastFirstWaitMs = 30_000;

/** An endpoint that exists already: nothing is deployed and nothing removed, and only load is put on it. */
export function createEndpointTarget(options: EndpointTargetOptions): Target<EndpointPlan, Served> {
  return new EndpointTarget(options);
}

class EndpointTarget implements Target<EndpointPlan, Served> {
  readonly #options: EndpointTargetOptions;

  constructor(options: EndpointTargetOptions) {
    this.#options = options;
  }

  async preflight(
    plan: EndpointPlan,
    _runId: string,
    _progress: DeployProgress,
    signal: AbortSignal,
  ): Promise<Environment> {
    await this.#withoutAddress(() => this.#check(plan, signal));
    return {
      target: 'endpoint',
      cluster: null,
      serverVersion: null,
      machine: `${platform()} ${arch()}, ${String(availableParallelism())} cores`,
      gpuProducts: [],
      driverVersions: [],
      machines: [],
    };
  }

  async deploy(): Promise<Served> {
    return {
      runtimes: [],
      placements: [],
      readyMs: null,
      uploadMs: null,
      networkPolicy: 'not applicable',
      load: (request, handlers, signal) => this.#withoutAddress(() => this.#load(request, handlers, signal)),
      remove: async () => undefined,
    };
  }

  async close(): Promise<undefined> {
    // Nothing was made.
  }

  /** Says at once what would otherwise be counted as an error for each request of a whole run. */
  async #check({ target, load }: EndpointPlan, signal: AbortSignal): Promise<void> {
    const { sent, environment } = this.#options;
    const endpoint = openEndpoint(sent);
    const unconnected = await checkEndpoint(endpoint, load.timeoutMs, signal);
    if (unconnected !== undefined) throw unreachable(unconnected);
    const [request] = requestBytes({ ...sent, bodies: sent.bodies.slice(0, 1), seed: load.seed }, environment);
    if (request === undefined) return;
    const waitMs = Math.max(load.timeoutMs, leastFirstWaitMs);
    const answer = await askOnce(endpoint, request, { waitMs, signal });
    const problem = problemOf(answer, sent, target.name);
    if (problem !== undefined) throw problem;
  }

  async #load(request: LoadRequest, handlers: LoadHandlers, signal: AbortSignal): Promise<LoadOutcome> {
    const { sent, environment, thisMachine, loadDriver } = this.#options;
    handlers.running({ placements: [], caveats: [thisMachine ? loopbackBetween : networkBetween] });
    return await loadDriver.run(
      // Its counters are not known, so that nothing else says when it has come to rest.
      { ...request, ...sent, awaitsAnswers: true, phases: [], gate: 'stdin', gateTimeoutSeconds },
      environment,
      handlers,
      signal,
    );
  }

  /** What went wrong goes into the record, and some of the runtime's messages name the server. */
  async #withoutAddress<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      const message = withoutHost(error.message, new URL(this.#options.sent.url));
      throw new BenchError({ reason: error.reason, message, nextStep: error.nextStep, cause: error.cause });
    }
  }
}

/** A name may be as short as a word of the message is: it counts where it stands by itself. */
function withoutHost(message: string, { host, hostname }: URL): string {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  return [host, address].reduce((text, name) => {
    const literal = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return text.replace(new RegExp(`(?<![\\w.-])${literal}(?![\\w-])`, 'gi'), '(address)');
  }, message);
}

const whyUnreachable: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens on its port',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name could not be looked up',
  EHOSTUNREACH: 'its machine cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
};

function unreachable({ code = '' }: NodeJS.ErrnoException): BenchError {
  const why = whyUnreachable[code] ?? 'the connection failed';
  return new BenchError({
    reason: 'load-failed',
    message: `The endpoint does not take a connection: ${why}${code === '' ? '' : ` (${code})`}.`,
    nextStep: 'Check the address and port, and that the server runs; then start again.',
  });
}
