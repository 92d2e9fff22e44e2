import type { Command } from 'commander';
import { openAssets } from '../assets/assets.ts';
import { isEndpointPlan } from '../core/anyPlan.ts';
import { checkEndpointPlan, endpointTargetSchema, type EndpointPlan } from '../core/endpointPlan.ts';
import { makeEndpointPlan } from '../core/endpointPlanning.ts';
import type { BenchError } from '../core/errors.ts';
import { endpointFields, type PlanFile } from '../core/planFile.ts';
import { poolsOf } from '../core/pools.ts';
import type { Payload } from '../core/ports.ts';
import type { RunRecord } from '../core/record.ts';
import { formatList } from '../core/view/format.ts';
import { createEndpointTarget } from '../endpoint/target.ts';
import { sha256 } from '../hashes/sha256.ts';
import { createLoadDriver } from '../load/driver.ts';
import { given, isLoopback, refuseChanges, usageError, wholeNumber } from './arguments.ts';
import { readPlanFile, type PlanOptions } from './choices.ts';
import type { CliContext } from './context.ts';
import { numberLimits, numberOf, profileOf, sloP95Of } from './optionValues.ts';
import type { Prepared } from './prepared.ts';
import { addRequestOptions, confirmTarget, requestOf, type EndpointRequest, type RequestOptions } from './request.ts';

/** `run --endpoint URL`: the engine's profiles, turns and checks on an endpoint that exists already. */
export interface EndpointOptions extends RequestOptions {
  endpoint?: string;
  name?: string;
  timeout?: string;
}

export function addEndpointOptions(command: Command): Command {
  return addRequestOptions(
    command
      .option('--endpoint <url>', 'load an HTTP endpoint that exists already, and deploy nothing')
      .option('--name <name>', 'what the record calls the endpoint, whose address it does not hold (default: endpoint)')
      .option(
        '--timeout <ms>',
        'with --endpoint: longest wait for an answer (default: 10000; the one before the load has at least 30000)',
      ),
  );
}

/** Options of `run` that say what is deployed, and where. */
const ofDeployments = {
  topologies: '--topologies',
  local: '--local',
  context: '--context',
  kubeconfig: '--kubeconfig',
  namespace: '--namespace',
  createNamespace: '--create-namespace',
  generators: '--generators',
  model: '--model',
  tokenizer: '--tokenizer',
  cores: '--cores',
  memory: '--memory',
  gpu: '--gpu',
  gpuCount: '--gpu-count',
  allowCpuProvider: '--allow-cpu-provider',
  vantage: '--vantage',
  serverImage: '--server-image',
  tritonImage: '--triton-image',
  loadImage: '--load-image',
  prebuilt: '--prebuilt',
  requirements: '--requirements',
  packageIndex: '--package-index',
  readyTimeout: '--ready-timeout',
} satisfies Partial<Record<keyof PlanOptions, string>>;
/** Options that say how an endpoint is loaded, which a repeat takes from its record. */
const planned = {
  profile: '--profile',
  repetitions: '--repetitions',
  sloP95: '--slo-p95',
  seed: '--seed',
  timeout: '--timeout',
  name: '--name',
} satisfies Partial<Record<keyof (PlanOptions & EndpointOptions), string>>;
const withoutEndpoint = {
  name: '--name',
  timeout: '--timeout',
  method: '--method',
  secretHeader: '--secret-header',
  bodyFile: '--body-file',
  inputs: '--inputs',
  bodyTemplate: '--body-template',
  ca: '--ca',
  insecure: '--insecure',
  yes: '--yes',
} satisfies Partial<Record<keyof EndpointOptions, string>>;

/**
 * What is sent to an endpoint is no part of a run that deploys topologies.
 * @throws BenchError plan-invalid
 */
export function refuseEndpointOptions(options: EndpointOptions): void {
  const stray = [...given(withoutEndpoint, options), ...(options.header.length > 0 ? ['--header'] : [])];
  if (stray.length === 0) return;
  throw usageError(
    `${formatList(stray)} ${stray.length === 1 ? 'is' : 'are'} of an endpoint that exists already, and none is named.`,
    'Name it with --endpoint URL.',
  );
}

/**
 * The plan for an endpoint, new or that of a record once more. A plan file counts only where it is named: the one of the folder
 * is of a model that is deployed.
 * @throws BenchError plan-invalid
 */
export async function chooseEndpoint(
  url: string,
  planPath: string | undefined,
  options: PlanOptions & EndpointOptions,
  repeated: RunRecord | undefined,
  context: CliContext,
): Promise<Prepared<EndpointPlan>> {
  const stray = given(ofDeployments, options);
  if (stray.length > 0) throw contradiction(formatList(stray));
  const file = planPath === undefined ? undefined : await readPlanFile(planPath);
  const fields = Object.keys(file ?? {}).filter(
    (field) => !endpointFields.includes(field) || (field === 'target' && file?.target !== 'endpoint'),
  );
  if (fields.length > 0) throw contradiction(`${formatList(fields)} in ${planPath ?? ''}`);
  const request = await requestOf(url, options);
  const payload: Payload = { name: 'bodies', sha256: sha256(JSON.stringify(request.sent.bodies)), texts: [] };
  const plan =
    repeated === undefined
      ? newPlan(options, file, request, payload)
      : repeatedPlan(repeated, { ...options, planPath }, request, payload);
  const { workerPath } = openAssets(context.root, context.version);
  const address = new URL(request.sent.url);
  return {
    plan,
    payload,
    origin: { modelConfig: null, repeats: repeated?.id ?? null, servingSha256: null },
    configText: null,
    pools: poolsOf(plan, null),
    warnings: [],
    makeTarget: () =>
      createEndpointTarget({
        ...request,
        thisMachine: isLoopback(address.hostname),
        loadDriver: createLoadDriver({ workerPath }),
      }),
    confirm: () => confirmTarget(address, options.yes === true, context),
  };
}

function newPlan(
  options: PlanOptions & EndpointOptions,
  file: PlanFile | undefined,
  { sent }: EndpointRequest,
  payload: Payload,
): EndpointPlan {
  const profile = profileOf(options.profile) ?? file?.profile ?? 'quick';
  if (options.name !== undefined && !endpointTargetSchema.shape.name.safeParse(options.name).success) {
    throw usageError(
      `--name takes letters, digits, ".", "_" and "-", at most 128 and not first a sign, not "${options.name}".`,
    );
  }
  return makeEndpointPlan({
    name: options.name,
    method: sent.method,
    https: sent.url.startsWith('https:'),
    bodies: sent.bodies.length,
    payload,
    profile,
    phases: options.profile === undefined ? file?.phases : undefined,
    repetitions: numberOf('--repetitions', options.repetitions, numberLimits.repetitions) ?? file?.repetitions,
    sloP95Ms: sloP95Of(options.sloP95, profile) ?? file?.sloP95Ms,
    timeoutMs:
      options.timeout === undefined
        ? file?.timeoutMs
        : wholeNumber('--timeout', options.timeout, { least: 1, most: 600_000, unit: 'milliseconds' }),
    seed: numberOf('--seed', options.seed, numberLimits.seed) ?? file?.seed,
  });
}

/** What a record does not hold is given again, and must be what it was as far as the record can tell. */
function repeatedPlan(
  { id, plan }: RunRecord,
  options: PlanOptions & EndpointOptions & { readonly planPath: string | undefined },
  { sent }: EndpointRequest,
  payload: Payload,
): EndpointPlan {
  if (!isEndpointPlan(plan)) {
    throw usageError(`--repeat and --endpoint contradict each other: run ${id} deployed topologies.`);
  }
  refuseChanges(id, [...given(planned, options), ...(options.planPath === undefined ? [] : ['a plan file'])]);
  const { target, load } = plan;
  if (load.payload.sha256 !== payload.sha256) {
    throw usageError(
      `The bodies are not those of run ${id}: there were ${String(load.payload.texts)} with SHA-256 ${load.payload.sha256}, and now there are ${String(sent.bodies.length)} with ${payload.sha256}.`,
      'Give the inputs and the body template that it had.',
    );
  }
  const https = sent.url.startsWith('https:');
  if (target.method !== sent.method || target.https !== https) {
    const words = (method: string, secure: boolean): string => `${method} over ${secure ? 'https' : 'http'}`;
    throw usageError(
      `Run ${id} sent ${words(target.method, target.https)}, and this would send ${words(sent.method, https)}.`,
      'Give the method and the kind of address that it had.',
    );
  }
  return checkEndpointPlan(plan);
}

function contradiction(what: string): BenchError {
  return usageError(
    `--endpoint loads what exists already, and ${what} would say what is deployed or where.`,
    'Leave one or the other out.',
  );
}
