import { arch, availableParallelism, platform } from 'node:os';
import type { EndpointPlan } from '../core/endpointPlan.ts';
import { BenchError } from '../core/errors.ts';
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
import { lookFirst, type SentToEndpoint } from './lookFirst.ts';

export interface EndpointTargetOptions extends SentToEndpoint {
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
    progress: DeployProgress,
    signal: AbortSignal,
  ): Promise<Environment> {
    const { target, load } = plan;
    const status = (message: string): void => {
      progress.status(message);
    };
    const look = { name: target.name, timeoutMs: load.timeoutMs, seed: load.seed, status };
    await this.#withoutAddress(() => lookFirst(this.#options, look, signal));
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
