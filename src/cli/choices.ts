import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { openAssets, type Assets } from '../assets/assets.ts';
import { builtInModel } from '../core/builtInModel.ts';
import { placeText, type BenchError } from '../core/errors.ts';
import { topologyNames, type Plan } from '../core/plan.ts';
import { parsePlanFile, type PlanFile } from '../core/planFile.ts';
import { planFileChoices, said } from '../core/planFileChoices.ts';
import { makePlan } from '../core/planning.ts';
import { namesTopologies, profileNames, type ProfileName } from '../core/profiles.ts';
import type { Origin } from '../core/ports.ts';
import { formatList, fullStop } from '../core/view/format.ts';
import { resolveModel } from '../models/resolve.ts';
import { given, usageError } from './arguments.ts';
import type { CliContext } from './context.ts';
import {
  generatorsOf,
  gpuOf,
  imagesOf,
  namespaceOf,
  numberLimits,
  numberOf,
  profileOf,
  sloP95Of,
  topologiesOf,
  vantageOf,
} from './optionValues.ts';
import { readText } from './textFiles.ts';

/** The options that say what is run and where; shared by `run` and `render`. */
export interface PlanOptions {
  topologies?: string;
  context?: string;
  kubeconfig?: string;
  local?: boolean;
  namespace?: string;
  createNamespace?: boolean;
  profile?: string;
  repetitions?: string;
  sloP95?: string;
  generators?: string;
  model?: string;
  tokenizer?: string;
  cores?: string;
  memory?: string;
  gpu?: string | boolean;
  gpuCount?: string;
  allowCpuProvider?: boolean;
  vantage?: string;
  serverImage?: string;
  tritonImage?: string;
  loadImage?: string;
  prebuilt?: boolean;
  requirements?: string;
  packageIndex?: string;
  readyTimeout?: string;
  seed?: string;
}

/** The plan of the folder that the program is started in. */
const defaultPlanFile = 'topology-bench.yaml';

export function addPlanOptions(command: Command): Command {
  return command
    .argument('[plan]', `plan file (default: ${defaultPlanFile}, where there is one here); options override it`)
    .option('--model <path>', 'model folder, config.pbtxt or config.json (default: the built-in tiny model)')
    .option('--tokenizer <file>', 'tokenizer.json, where it is not beside the model')
    .option(
      '--topologies <list>',
      `comma-separated: ${topologyNames.join(',')} (default: all; the profile "paper" names its own)`,
    )
    .option('--profile <name>', `${profileNames.join(', ')} (default: quick)`)
    .option('--repetitions <n>', "how often each topology is measured, in turns (default: the profile's)")
    .option('--generators <n>', 'pods that make the load together (default: 1)')
    .option('--slo-p95 <ms>', 'bound of p95 for the profile "server" (default: 100)')
    .option('--context <name>', 'kube context (default: the current one)')
    .option('--kubeconfig <file>', 'kubeconfig file (default: KUBECONFIG, then ~/.kube/config)')
    .option('--namespace <name>', "namespace (default: the context's, or default)")
    .option('--create-namespace', 'make the namespace when it does not exist')
    .option('--cores <n>', 'CPU cores of each topology (default: 2)')
    .option('--memory <MiB>', "memory of each topology (default: 2048 and what the model's copies need)")
    .option('--gpu [resource]', 'ask for a GPU (default resource: nvidia.com/gpu)')
    .option('--gpu-count <n>', 'GPUs for each model server (default: 1)')
    .option('--allow-cpu-provider', 'accept that a server with a GPU computes on the CPU')
    .option('--vantage <where>', 'in-cluster or this-machine: where the load comes from')
    .option('--server-image <image>', 'image of FastAPI and of the gateway')
    .option('--triton-image <image>', 'image of Triton')
    .option('--load-image <image>', 'image of the load generator (has Node)')
    .option('--prebuilt', 'the images have the Python packages already')
    .option('--requirements <set>', 'cpu, cpu-numpy1 or cuda: which pinned packages are installed')
    .option('--package-index <url>', 'Python package index for the pods')
    .option('--ready-timeout <seconds>', 'longest wait for a topology to be ready')
    .option('--seed <n>', "order of the payload's texts (default: 1)");
}

/** Of a plan file; `parsePlanFile` says by itself what is too long for it. */
const longestPlanBytes = 16 * 1024 * 1024;

/** Options that say which cluster, and where on it. */
const ofCluster = {
  context: '--context',
  kubeconfig: '--kubeconfig',
  namespace: '--namespace',
  createNamespace: '--create-namespace',
} satisfies Partial<Record<keyof PlanOptions, string>>;

/** A plan, and what only this machine needs to know to carry it out. */
export interface Chosen {
  readonly plan: Plan;
  readonly assets: Assets;
  readonly modelPaths: Readonly<Record<string, string>>;
  readonly kubeContext: string | undefined;
  readonly kubeconfigPath: string | undefined;
  readonly packageIndexUrl: string | undefined;
  readonly origin: Origin;
  /** Text of the model config that the origin names; null without one. */
  readonly configText: string | null;
  readonly warnings: readonly string[];
}

/**
 * Plan file, then options over it, then defaults.
 * @throws BenchError plan-invalid, model-not-found, model-incomplete
 */
export async function choose(
  planPath: string | undefined,
  options: PlanOptions,
  context: CliContext,
  defaultNamespace: (kubeContext: string | undefined, kubeconfigPath: string | undefined) => Promise<string>,
): Promise<Chosen> {
  return await chooseFrom(await findPlanFile(planPath, context), options, context, defaultNamespace);
}

/** As `choose`, of a plan file that was found already, or of none. */
export async function chooseFrom(
  found: FoundPlanFile | undefined,
  options: PlanOptions,
  context: Pick<CliContext, 'root' | 'version' | 'signal'>,
  defaultNamespace: (kubeContext: string | undefined, kubeconfigPath: string | undefined) => Promise<string>,
): Promise<Chosen> {
  if (found?.file.target === 'endpoint') throw needsEndpoint(found);
  const file: PlanFile = found?.file ?? { version: 1 };
  const assets = openAssets(context.root, context.version);
  const modelPath = options.model ?? (found === undefined ? assets.tinyModelDirectory : modelOf(found, assets));
  const tokenizer = options.tokenizer ?? found?.tokenizerPath;
  const resolved = await resolveModel(
    { path: modelPath, ...(tokenizer === undefined ? {} : { tokenizerPath: tokenizer }) },
    context.signal,
  );
  const local = options.local ?? file.target === 'local';
  const clusterOptions = local ? given(ofCluster, options) : [];
  if (clusterOptions.length > 0) {
    throw usageError(
      `${formatList(clusterOptions)} ${clusterOptions.length === 1 ? 'is' : 'are'} of a cluster, and the run is on this machine.`,
      'Leave one or the other out.',
    );
  }
  const kubeContext = options.context ?? file.context;
  const target: Plan['target'] = local
    ? { kind: 'local' }
    : {
        kind: 'kubernetes',
        namespace:
          namespaceOf(options.namespace) ?? file.namespace ?? (await defaultNamespace(kubeContext, options.kubeconfig)),
        createNamespace: options.createNamespace ?? false,
      };
  const fromFile = planFileChoices(file, target);
  const profile = profileOf(options.profile) ?? fromFile.profile;
  const vantage = vantageOf(options.vantage, local);
  const plan = makePlan({
    ...fromFile,
    ...said({
      topologies: topologiesOf(options.topologies, profile),
      repetitions: numberOf('--repetitions', options.repetitions, numberLimits.repetitions),
      generators: generatorsOf(options.generators, (vantage ?? fromFile.vantage) !== 'this-machine' && !local),
      sloP95Ms: sloP95Of(options.sloP95, profile),
      cores: numberOf('--cores', options.cores, numberLimits.cores),
      memoryMiB: numberOf('--memory', options.memory, numberLimits.memoryMiB),
      allowCpuProvider: options.allowCpuProvider,
      vantage,
      seed: numberOf('--seed', options.seed, numberLimits.seed),
      readyTimeoutSeconds: numberOf('--ready-timeout', options.readyTimeout, numberLimits.readyTimeoutSeconds),
    }),
    model: resolved.model,
    triton: resolved.triton,
    payload: await assets.payload(),
    profile,
    phases: options.profile === undefined ? fromFile.phases : undefined,
    gpu: gpuOf(options, fromFile.gpu ?? null, local),
    images: { ...fromFile.images, ...imagesOf(options) },
  });
  return {
    plan,
    assets,
    modelPaths: resolved.modelPaths,
    kubeContext,
    kubeconfigPath: options.kubeconfig,
    packageIndexUrl: options.packageIndex,
    origin: {
      modelConfig: resolved.config,
      repeats: null,
      servingSha256: await assets.servingSha256(plan.images.requirements),
    },
    configText: resolved.configText,
    warnings: [...resolved.warnings, ...unusedTopologies(profile, found)],
  };
}

/** A profile from the command line goes before the plan file, also with the topologies that it names. */
function unusedTopologies(profile: ProfileName, found: FoundPlanFile | undefined): string[] {
  if (found?.file.topologies === undefined || !namesTopologies(profile)) return [];
  return [`The topologies of ${found.path} are not used: the profile "${profile}" names its own.`];
}

/** A plan file, and what it names on this machine. */
export interface FoundPlanFile {
  readonly path: string;
  readonly file: PlanFile;
  /** undefined where it names none, as one for an endpoint does, or the built-in one. */
  readonly modelPath: string | undefined;
  readonly tokenizerPath: string | undefined;
}

/**
 * The plan file that was named, else the one of the folder that the program is started in, which is then said; undefined
 * where there is none.
 * @throws BenchError plan-invalid
 */
export async function findPlanFile(
  planPath: string | undefined,
  context: CliContext,
): Promise<FoundPlanFile | undefined> {
  const path = planPath ?? planFileHere();
  if (path === undefined) return undefined;
  if (planPath === undefined) context.stderr.write(`Plan: ${path}\n`);
  return foundPlan(path, await readPlanFile(path));
}

/** The plan file of the folder that the program is started in; undefined where there is none. */
export function planFileHere(): string | undefined {
  return existsSync(defaultPlanFile) ? defaultPlanFile : undefined;
}

/** @param path of the file, from where the paths in it go out */
export function foundPlan(path: string, file: PlanFile): FoundPlanFile {
  const relativeToFile = (named: string | undefined): string | undefined =>
    named === undefined ? undefined : resolve(dirname(path), named);
  return {
    path,
    file,
    modelPath: file.model === builtInModel ? undefined : relativeToFile(file.model),
    tokenizerPath: relativeToFile(file.tokenizer),
  };
}

/** @throws BenchError plan-invalid */
function modelOf({ path, file, modelPath }: FoundPlanFile, { tinyModelDirectory }: Assets): string {
  if (file.model === builtInModel) return tinyModelDirectory;
  if (modelPath !== undefined) return modelPath;
  throw usageError(
    'The plan file names no model.',
    'Name its folder or config with "model: PATH" in it or with --model PATH, or the tiny one that comes along with "model: built-in"; only a plan for --endpoint URL goes without.',
    { file: path },
  );
}

function needsEndpoint({ path }: FoundPlanFile): BenchError {
  return usageError(
    'The plan file is for an endpoint that exists already, and none is named.',
    'Name it with --endpoint URL.',
    { file: path },
  );
}

/** @throws BenchError plan-invalid, with each problem by its line */
export async function readPlanFile(file: string): Promise<PlanFile> {
  const { planFile, problems } = parsePlanFile(await readText('plan file', file, longestPlanBytes));
  if (planFile !== undefined) return planFile;
  const [only, ...others] = problems;
  if (only !== undefined && others.length === 0) {
    throw usageError(fullStop(only.message), undefined, { file, line: only.line, column: only.column });
  }
  const lines = problems.map(({ line, column, message }) => `\n  ${placeText({ file, line, column })}: ${message}`);
  throw usageError(`The plan file has ${String(problems.length)} problems:${lines.join('')}`, undefined, { file });
}
