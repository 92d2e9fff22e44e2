import * as vscode from 'vscode';
import type { DeployedTopology } from '../../core/cluster.ts';
import { BenchError } from '../../core/errors.ts';
import { subjectName } from '../describe.ts';
import { loadEngine, loadKubernetes } from '../engine.ts';
import { plainText } from '../plainText.ts';
import { isProtected } from '../protection.ts';
import { pickOne } from '../questions/pick.ts';
import { chooseSubject } from '../questions/subject.ts';
import type { Services } from '../services.ts';
import { signalFrom } from '../signals.ts';
import { trustedOrTold } from '../trust.ts';
import { progressIn } from './deploy.ts';

/** Of our own writing, and without anything that looks like a person. */
const sampleTexts = [
  'A wonderful recovery; the patient is happy and thankful.',
  'The wait was long and the food was awful.',
];

export async function deleteDeployment(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const deployment = await deploymentFrom(argument, services, vscode.l10n.t('Delete Deployment'));
  if (deployment === undefined) return;
  if (!(await mayDelete(deployment, services))) return;
  const kept = await withProgress(vscode.l10n.t('Deleting {0}', deployment.topology), (signal, report) =>
    services.cluster.deleteDeployment(deployment, report, signal),
  );
  services.cluster.changed();
  if (kept !== undefined) void vscode.window.showWarningMessage(plainText(kept));
}

/** A protected context asks for its name in place of the press of a button. */
async function mayDelete(
  { topology, model, context, namespace }: DeployedTopology,
  { protection }: Services,
): Promise<boolean> {
  const question = vscode.l10n.t('Delete {0} ({1}) from {2}/{3}?', topology, model, context, namespace);
  if (isProtected(context)) return protection.permitsRemoval(context, question);
  const remove = vscode.l10n.t('Delete');
  return (await vscode.window.showWarningMessage(question, { modal: true }, remove)) === remove;
}

let logsChannel: vscode.OutputChannel | undefined;

/** The last lines of each container, in an output channel of their own: servers' words are not our log. */
export async function showLogs(argument: unknown, services: Services): Promise<void> {
  const deployment = await deploymentFrom(argument, services, vscode.l10n.t('Show Deployment Logs'));
  if (deployment === undefined) return;
  const text = await withProgress(vscode.l10n.t('Reading the logs of {0}', deployment.topology), (signal) =>
    services.cluster.logs(deployment, signal),
  );
  logsChannel ??= vscode.window.createOutputChannel(vscode.l10n.t('Topology Bench: Deployments'));
  const { topology, id, context, namespace } = deployment;
  const whose = vscode.l10n.t('{0} ({1} on {2}/{3})', topology, id, context, namespace);
  logsChannel.replace(`${whose}\n\n${text}`);
  logsChannel.show(true);
}

export function disposeLogs(): void {
  logsChannel?.dispose();
  logsChannel = undefined;
}

export async function copyEndpoint(argument: unknown, services: Services): Promise<void> {
  const deployment = await deploymentFrom(argument, services, vscode.l10n.t('Copy Endpoint'));
  if (deployment === undefined) return;
  await vscode.env.clipboard.writeText(deployment.endpoint);
  vscode.window.setStatusBarMessage(
    vscode.l10n.t('Copied {0}; it is reachable inside the cluster.', deployment.endpoint),
    5000,
  );
}

export async function sendSampleRequest(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const deployment = await deploymentFrom(argument, services, vscode.l10n.t('Send a Sample Request'));
  if (deployment === undefined) return;
  const began = performance.now();
  const answers = await withProgress(vscode.l10n.t('Asking {0}', deployment.topology), (signal) =>
    services.cluster.infer(deployment, sampleTexts, signal),
  );
  const tookMs = performance.now() - began;
  const lines = answers.map(
    (answer, index) => `"${sampleTexts[index] ?? ''}" → ${answer.label} (${answer.score.toFixed(3)})`,
  );
  for (const line of lines) services.log.info(`${deployment.topology} (${deployment.id}): ${line}`);
  const showLog = vscode.l10n.t('Show Log');
  const message = vscode.l10n.t(
    '{0} answered through a port-forward in {1} ms: {2}',
    deployment.topology,
    tookMs.toFixed(0),
    lines.join('; '),
  );
  if ((await vscode.window.showInformationMessage(plainText(message), showLog)) === showLog) services.log.show();
}

export async function uploadModelAgain(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const title = vscode.l10n.t('Upload Model Again');
  const deployment = await deploymentFrom(argument, services, title);
  if (deployment === undefined) return;
  // Not the active editor's unasked: it may be of any model, and only after all its files were hashed would it be refused.
  const subject = await chooseSubject(title, services.memory.lastAnswers()?.subject);
  if (subject === undefined) return;
  const engine = await loadEngine();
  const assets = engine.openAssets(services.extension.path, services.extension.version);
  const path = subject.kind === 'built-in' ? assets.tinyModelDirectory : vscode.Uri.parse(subject.uri, true).fsPath;
  const { uploadModelAgain: upload } = await loadKubernetes();
  const connection = await services.cluster.connection(deployment);
  const { topology, context, namespace } = deployment;
  const what = vscode.l10n.t('Upload the model to {0} on {1}/{2}.', topology, context, namespace);
  if (!(await services.protection.permits(context, what))) return;
  const uploading = vscode.l10n.t(
    'Uploading {0} to {1} on {2}/{3}',
    subjectName(subject),
    topology,
    context,
    namespace,
  );
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, cancellable: true, title: plainText(uploading) },
    async (progress, token) => {
      const stop = signalFrom(token);
      try {
        const resolved = await engine.resolveModel(
          { path, tokenizerPath: services.memory.tokenizerOf(subject) },
          stop.signal,
        );
        await upload(connection, deployment, resolved, progressIn(progress, services, topology), stop.signal);
      } finally {
        stop.dispose();
      }
    },
  );
  services.cluster.changed();
}

/** The deployment that a command was called on, or that the user picks. */
async function deploymentFrom(
  argument: unknown,
  services: Services,
  title: string,
): Promise<DeployedTopology | undefined> {
  if (typeof argument === 'object' && argument !== null && 'deployment' in argument) {
    return argument.deployment as DeployedTopology;
  }
  const answer = await pickOne<DeployedTopology>({
    title,
    placeholder: vscode.l10n.t('Which deployment?'),
    canGoBack: false,
    async choices() {
      const deployments = await services.cluster.deployments();
      if (deployments.length === 0) {
        throw new BenchError({
          reason: 'nothing-there',
          message: vscode.l10n.t('Nothing is deployed in this namespace.'),
          nextStep: vscode.l10n.t('Deploy a topology first, or select another namespace.'),
        });
      }
      return deployments.map((deployment) => ({
        label: `${deployment.topology} · ${deployment.model}`,
        description: deployment.ready ? vscode.l10n.t('ready') : deployment.message,
        detail: `${deployment.context}/${deployment.namespace} · ${deployment.endpoint}`,
        value: deployment,
      }));
    },
  });
  return answer.kind === 'value' ? answer.value : undefined;
}

async function withProgress<Value>(
  title: string,
  work: (signal: AbortSignal, report: (message: string) => void) => Promise<Value>,
): Promise<Value> {
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, cancellable: true, title: plainText(title) },
    async (progress, token) => {
      const stop = signalFrom(token);
      const report = (message: string): void => {
        progress.report({ message: plainText(message) });
      };
      try {
        return await work(stop.signal, report);
      } finally {
        stop.dispose();
      }
    },
  );
}
