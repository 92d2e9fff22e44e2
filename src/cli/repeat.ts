import { resolve } from 'node:path';
import { openAssets } from '../assets/assets.ts';
import { explain, isCancelled, toBenchError } from '../core/errors.ts';
import { configSince } from '../core/modelConfig.ts';
import type { ModelPlan } from '../core/plan.ts';
import type { RunRecord } from '../core/record.ts';
import { deployedPlan, repeatPlan } from '../core/repeat.ts';
import { formatList } from '../core/view/format.ts';
import { resolveModel, type ResolvedModel } from '../models/resolve.ts';
import { modelDifferences } from '../models/same.ts';
import { given, refuseChanges, usageError } from './arguments.ts';
import { foundPlan, planFileHere, readPlanFile, type Chosen, type FoundPlanFile, type PlanOptions } from './choices.ts';
import type { CliContext } from './context.ts';

/** Options that say what is run, which a repeat takes from its record. */
const planned = {
  topologies: '--topologies',
  profile: '--profile',
  repetitions: '--repetitions',
  generators: '--generators',
  sloP95: '--slo-p95',
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
  readyTimeout: '--ready-timeout',
  seed: '--seed',
} satisfies Partial<Record<keyof PlanOptions, string>>;
/** Options that say where on a cluster. */
const ofCluster = {
  context: '--context',
  kubeconfig: '--kubeconfig',
  namespace: '--namespace',
  createNamespace: '--create-namespace',
  packageIndex: '--package-index',
} satisfies Partial<Record<keyof PlanOptions, string>>;

/**
 * The plan of a record once more, with its model's files found and verified. What is private comes from the command line, or
 * from the plan file.
 * @throws BenchError plan-invalid, model-not-found, model-incomplete, cancelled
 */
export async function chooseRepeat(
  record: RunRecord,
  planPath: string | undefined,
  options: PlanOptions,
  context: CliContext,
): Promise<Chosen> {
  // A run on an endpoint has no model to look for.
  deployedPlan(record);
  refuseContradictions(record, options);
  const found = await placesFile(planPath, options, record, context);
  const assets = openAssets(context.root, context.version);
  const { namespace, createNamespace } = options;
  const { plan, notes } = repeatPlan(record, { payload: await assets.payload(), namespace, createNamespace });
  const tokenizerPath = options.tokenizer ?? found?.tokenizerPath;
  const places =
    options.model === undefined
      ? [...(found?.modelPath === undefined ? [] : [found.modelPath]), assets.tinyModelDirectory, '.']
      : [options.model];
  const model = await sameModel({ id: record.id, model: plan.model }, places, tokenizerPath, context.signal);
  const { config } = model;
  const isSame = config === null || ['the same', 'unknown'].includes(configSince(record, config));
  return {
    plan,
    assets,
    modelPaths: model.modelPaths,
    kubeContext: options.context ?? found?.file.context,
    kubeconfigPath: options.kubeconfig,
    packageIndexUrl: options.packageIndex,
    origin: {
      modelConfig: model.config,
      repeats: record.id,
      servingSha256: await assets.servingSha256(plan.images.requirements),
    },
    configText: model.configText,
    warnings: [
      ...notes,
      ...(isSame
        ? []
        : [`The ${config.format} has changed since run ${record.id}; the repeat takes the settings of then.`]),
    ],
  };
}

/**
 * A plan file that says where the model lies and which cluster it is; the plan itself is the record's. So a default one that
 * is no valid plan stops no repeat, as a named one does.
 */
async function placesFile(
  planPath: string | undefined,
  options: PlanOptions,
  { plan }: RunRecord,
  { stderr }: CliContext,
): Promise<FoundPlanFile | undefined> {
  if (planPath !== undefined) return foundPlan(planPath, await readPlanFile(planPath));
  const asksForModel = options.model === undefined;
  const asksForContext = options.context === undefined && plan.target.kind === 'kubernetes';
  const path = asksForModel || asksForContext ? planFileHere() : undefined;
  if (path === undefined) return undefined;
  try {
    const found = foundPlan(path, await readPlanFile(path));
    const { modelPath, file } = found;
    const taken = [
      ...(asksForModel && modelPath !== undefined ? ['where the model is looked for'] : []),
      ...(asksForContext && file.context !== undefined ? ['the kube context'] : []),
    ];
    if (taken.length > 0) stderr.write(`From ${path}: ${formatList(taken)}\n`);
    return found;
  } catch (error) {
    stderr.write(`Warning: ${path} is not looked at for the model or the kube context. ${explain(error)}\n`);
    return undefined;
  }
}

function refuseContradictions({ id, plan }: RunRecord, options: PlanOptions): void {
  refuseChanges(id, given(planned, options));
  if (plan.target.kind === 'kubernetes' && options.local === true) {
    throw usageError(`--repeat and --local contradict each other: run ${id} was on a cluster.`);
  }
  const cluster = plan.target.kind === 'local' ? given(ofCluster, options) : [];
  if (cluster.length > 0) {
    throw usageError(
      `--repeat and ${formatList(cluster)} contradict each other: run ${id} was on this machine, without a cluster.`,
    );
  }
}

/** The first of the places that holds the very files; what differs in them is told of the first that holds a model at all. */
async function sameModel(
  run: { readonly id: string; readonly model: ModelPlan },
  places: readonly string[],
  tokenizerPath: string | undefined,
  signal: AbortSignal,
): Promise<ResolvedModel> {
  const problems: { readonly place: string; readonly text: string }[] = [];
  for (const place of places) {
    try {
      const model = await resolveModel({ path: place, tokenizerPath }, signal);
      const differences = modelDifferences(run.model, model);
      if (differences.length === 0) return model;
      problems.push({ place, text: `${formatList(differences)}.` });
    } catch (error) {
      if (isCancelled(error)) throw error;
      if (places.length === 1) throw error;
      problems.push({ place, text: toBenchError(error, 'reading the model').message });
    }
  }
  const [only] = problems;
  const nextStep = `Name the folder or config of the model "${run.model.name}" with --model.`;
  if (problems.length === 1 && only !== undefined) {
    throw usageError(`The model is not the one of run ${run.id}: ${only.text}`, nextStep);
  }
  const lines = problems.map(({ place, text }) => `  ${resolve(place)}: ${text}`);
  throw usageError(`The model of run ${run.id} was not found. Looked in\n${lines.join('\n')}\n`, nextStep);
}
