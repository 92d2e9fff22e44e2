import { join } from 'node:path';
import * as vscode from 'vscode';
import { builtInModel } from '../../core/builtInModel.ts';
import { BenchError } from '../../core/errors.ts';
import { gpuProductIn } from '../../core/gpuPools.ts';
import type { PlanFile } from '../../core/planFile.ts';
import type { BenchmarkChoices, GpuChoice, PlanChoice, Subject, TargetChoice } from '../choices.ts';
import type { Cluster, ClusterPlace } from '../cluster.ts';
import { allTopologies } from '../describe.ts';
import { loadPlanFiles } from '../engine.ts';
import { isPlanFile, namedFiles, readPlanFile } from '../planFiles.ts';
import { pickSubject, saveFile } from '../questions/subject.ts';
import type { Services } from '../services.ts';

/** The plan file that a command is about: the one it was called on, or else the one in the active editor. */
export function planFileIn(argument: unknown): vscode.Uri | undefined {
  const uri = argument === undefined ? vscode.window.activeTextEditor?.document.uri : argument;
  return uri instanceof vscode.Uri && isPlanFile(uri) ? uri : undefined;
}

/**
 * What a plan file decides, as it stands in the editor. A model that it does not name is asked for; undefined when the user
 * left.
 * @param before an earlier run of it, whose model and target hold where the file names none
 * @throws BenchError plan-invalid, kubeconfig-missing, kubeconfig-broken
 */
export async function choicesOfPlan(
  uri: vscode.Uri,
  services: Pick<Services, 'cluster' | 'memory'>,
  before?: Pick<BenchmarkChoices, 'subject' | 'target'>,
): Promise<BenchmarkChoices | undefined> {
  // The command line would read the file on disk; what was typed is what the user sees and means.
  await saveFile(uri.toString(), 'plan-invalid');
  const file = await readPlanFile(uri);
  if (file.target === 'endpoint') throw isForEndpoint(uri);
  const plan: PlanChoice = { uri: uri.toString(), file };
  const subject =
    (await subjectOf(plan)) ?? before?.subject ?? (await askSubject(services.memory.lastAnswers()?.subject));
  if (subject === undefined) return undefined;
  return {
    subject,
    topologies: file.topologies ?? allTopologies,
    target: await targetOf(file, services, uri, before?.target),
    gpu: await gpuOf(file),
    profile: file.profile ?? 'quick',
    ...(file.sloP95Ms === undefined ? {} : { sloP95Ms: file.sloP95Ms }),
    ...(file.repetitions === undefined ? {} : { repetitions: file.repetitions }),
    plan,
  };
}

function isForEndpoint(uri: vscode.Uri): BenchError {
  const name = vscode.workspace.asRelativePath(uri);
  return new BenchError({
    reason: 'plan-invalid',
    message: vscode.l10n.t('{0} is a plan for an endpoint that exists already, and deploys nothing.', name),
    nextStep: vscode.l10n.t('Run it on the command line: {0}.', `topology-bench run ${name} --endpoint URL`),
  });
}

/** By the config in the model's folder, so that it has the lens and the name it would have without a plan. */
async function subjectOf(plan: PlanChoice): Promise<Subject | undefined> {
  if (plan.file.model === builtInModel) return { kind: 'built-in' };
  const { model } = namedFiles(plan);
  if (model === undefined) return undefined;
  for (const name of ['config.pbtxt', 'config.json']) {
    const config = vscode.Uri.file(join(model, name));
    if (await exists(config)) return { kind: 'config', uri: config.toString() };
  }
  return { kind: 'config', uri: vscode.Uri.file(model).toString() };
}

async function askSubject(last: Subject | undefined): Promise<Subject | undefined> {
  const answer = await pickSubject(vscode.l10n.t('The plan names no model'), last);
  return answer.kind === 'value' ? answer.value : undefined;
}

/**
 * As the file says; else where the earlier run was, or the last benchmark, unless what the file asks for is to be had on a cluster alone.
 * @throws BenchError plan-invalid, kubeconfig-missing, kubeconfig-broken
 */
async function targetOf(
  file: PlanFile,
  { cluster, memory }: Pick<Services, 'cluster' | 'memory'>,
  scope: vscode.Uri,
  before: TargetChoice | undefined,
): Promise<TargetChoice> {
  const last = before ?? memory.lastChoices()?.target;
  if (file.target === 'local') return { kind: 'local' };
  if (last?.kind === 'local' && !needsCluster(file)) return last;
  const lastContext = last?.kind === 'kubernetes' ? last.context : undefined;
  const place = await placeOf(file.context, lastContext, cluster, scope);
  // Another namespace may have been selected since the last benchmark; what an earlier run had holds for that run again.
  const isSamePlace = before?.kind === 'kubernetes' && before.context === place.context;
  return {
    kind: 'kubernetes',
    context: place.context,
    namespace: file.namespace ?? (isSamePlace ? before.namespace : place.namespace),
    createNamespace: false,
  };
}

function needsCluster({ target, context, namespace, vantage, gpu, generators }: PlanFile): boolean {
  const named = context !== undefined || namespace !== undefined;
  const pods = vantage === 'in-cluster' || (generators ?? 1) > 1 || (gpu !== undefined && gpu !== 'none');
  return target === 'kubernetes' || named || pods;
}

/** The context that the file names, else that of the last benchmark, else the selected one. */
async function placeOf(
  named: string | undefined,
  last: string | undefined,
  cluster: Cluster,
  scope: vscode.Uri,
): Promise<ClusterPlace> {
  const contexts = await cluster.contexts();
  const context = contexts.find(({ name }) => name === (named ?? last));
  if (context !== undefined) return cluster.placeOf(context, scope);
  if (named !== undefined) {
    throw new BenchError({
      reason: 'plan-invalid',
      message: vscode.l10n.t(
        'The plan file names the kube context "{0}", and the kubeconfig has none of that name.',
        named,
      ),
      nextStep: vscode.l10n.t('Correct "context", or leave it out to use the current one.'),
    });
  }
  const current = await cluster.current();
  if (current !== undefined) return current;
  throw new BenchError({
    reason: 'kubeconfig-missing',
    message: vscode.l10n.t('The plan file runs on a cluster, and the kubeconfig names no current context.'),
    nextStep: vscode.l10n.t('Select a context in the Cluster view, or write "target: local" to run on this machine.'),
  });
}

async function gpuOf(file: PlanFile): Promise<GpuChoice | null> {
  const { planFileGpu } = await loadPlanFiles();
  const gpu = planFileGpu(file);
  return gpu === null ? null : { resource: gpu.resource, count: gpu.count, ...gpuProductIn(gpu.nodeSelector) };
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  return vscode.workspace.fs.stat(uri).then(
    () => true,
    () => false,
  );
}
