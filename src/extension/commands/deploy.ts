import * as vscode from 'vscode';
import type { BenchError } from '../../core/errors.ts';
import type { TopologyName } from '../../core/plan.ts';
import type { DeployProgress } from '../../core/ports.ts';
import { waitingWords } from '../../core/view/waitingWords.ts';
import type { ClusterPlace } from '../cluster.ts';
import { viewIds } from '../contributions.ts';
import { deployNote } from '../deployNote.ts';
import { allTopologies, gpuName, stageWords, subjectName, uploadProgress } from '../describe.ts';
import { loadKubernetes } from '../engine.ts';
import { offerCleanUp } from '../offerCleanUp.ts';
import { configUri, type Planned } from '../prepare.ts';
import { plainText } from '../plainText.ts';
import { lookAtNamespace } from '../questions/confirm.ts';
import { askDeploy, type ClusterTarget, type DeployChoices } from '../questions/deploy.ts';
import { askAbout, saveSubject } from '../questions/subject.ts';
import { needContexts } from '../questions/target.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { signalFrom } from '../signals.ts';
import { trustedOrTold } from '../trust.ts';
import { askMissingTokenizer, planAsking } from './planAsking.ts';

/** Deploy: a topology that stays until it is deleted. */
export async function deployTopology(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const choices = await choose(argument, services);
  if (choices === undefined) return;
  await saveSubject(choices.subject);
  const lacking = await lookAtNamespace(choices.target, (signal) =>
    services.cluster.lacksNamespace(choices.target, signal),
  );
  if (!(await confirmed(choices, lacking))) return;
  if (!(await services.protection.permits(choices.target.context, deployQuestion(choices)))) return;
  const target: ClusterTarget = { ...choices.target, createNamespace: lacking };
  const planned = await planAsking({ ...choices, target }, services);
  if (planned === undefined) return;
  for (const warning of planned.warnings) services.log.warn(warning);
  await deploy(planned, target, services);
}

async function choose(argument: unknown, services: Services): Promise<DeployChoices | undefined> {
  await needContexts(services.cluster);
  const topology = topologyOf(argument);
  const title = vscode.l10n.t('Deploy Topology');
  const about = topology === undefined ? argument : undefined;
  return askAbout<DeployChoices>(about, title, services.memory.lastAnswers()?.subject, async (subject, canGoBack) => {
    if (!(await askMissingTokenizer(subject, services))) return { kind: canGoBack ? 'back' : 'left' };
    return askDeploy({
      subject,
      topology,
      last: services.memory.lastAnswers(),
      settings: readSettings(configUri(subject)),
      cluster: services.cluster,
      title: vscode.l10n.t('Deploy Topology: {0}', subjectName(subject)),
      canGoBack,
    });
  });
}

async function confirmed(choices: DeployChoices, lacksNamespace: boolean): Promise<boolean> {
  const deployNow = lacksNamespace ? vscode.l10n.t('Create Namespace and Deploy') : vscode.l10n.t('Deploy');
  const goes = vscode.l10n.t(
    'The namespace {0} is made for it, and goes with it unless something else lives there by then.',
    choices.target.namespace,
  );
  const chosen = await vscode.window.showInformationMessage(
    deployQuestion(choices),
    { modal: true, ...(lacksNamespace ? { detail: goes } : {}) },
    deployNow,
  );
  return chosen === deployNow;
}

/** What will be there, where, and what it holds until it is deleted. */
export function deployQuestion(choices: DeployChoices): string {
  const { context, namespace } = choices.target;
  const what = vscode.l10n.t(
    '{0} with the model {1} on {2}/{3}, {4}.',
    choices.topologies.join(', '),
    subjectName(choices.subject),
    context,
    namespace,
    gpuName(choices.gpu),
  );
  const stays =
    choices.gpu === null
      ? vscode.l10n.t('It stays until you delete it.')
      : choices.gpu.count === 1
        ? vscode.l10n.t('It stays, and keeps its GPU, until you delete it.')
        : vscode.l10n.t('It stays, and keeps its {0} GPUs, until you delete it.', choices.gpu.count);
  return `${what} ${stays}`;
}

async function deploy(planned: Planned, place: ClusterPlace, services: Services): Promise<void> {
  const { plan, assets, modelPaths, settings } = planned;
  const [topology] = plan.topologies;
  if (topology === undefined) return;
  const { deployTopology: deployOn } = await loadKubernetes();
  const deploying = vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: plainText(vscode.l10n.t('Deploying {0} to {1}/{2}', topology.name, place.context, place.namespace)),
    },
    async (progress, token) => {
      const stop = signalFrom(token);
      const note = deployNote(place);
      let left: BenchError | undefined;
      try {
        // Should this window close now, the next one looks there for what is half made.
        await services.memory.noteUnfinished(note);
        await deployOn(
          {
            assets,
            modelPaths,
            context: place.context,
            ...(settings.kubeconfig === null ? {} : { kubeconfigPath: settings.kubeconfig }),
            ...(settings.packageIndexUrl === null ? {} : { packageIndexUrl: settings.packageIndexUrl }),
          },
          plan,
          topology,
          {
            ...inView(progressIn(progress, services, topology.name), services),
            leftBehind: (problem) => {
              left = problem;
            },
          },
          stop.signal,
        );
      } finally {
        stop.dispose();
        services.cluster.changed();
        // What is left stays noted, so that the next window looks for it, too.
        if (left === undefined) await services.memory.forgetUnfinished(note.runId);
        else void offerCleanUp(left, place, services);
      }
    },
  );
  // The failure is told by who called.
  void vscode.window.withProgress({ location: { viewId: viewIds.topologies } }, () => Promise.allSettled([deploying]));
  await deploying;
}

/** With the views told as soon as there is something to see, which then look again by themselves. */
function inView(progress: DeployProgress, { cluster }: Pick<Services, 'cluster'>): DeployProgress {
  return {
    ...progress,
    stage: (stage) => {
      progress.stage(stage);
      if (stage !== 'apply') cluster.changed();
    },
  };
}

/**
 * What a deployment waits for, as a notification's message and in the log, each once.
 * @param topology that the notification's title names
 */
export function progressIn(
  progress: vscode.Progress<{ message?: string }>,
  { log }: Pick<Services, 'log'>,
  topology: string,
): DeployProgress {
  let last = '';
  return {
    stage: (stage) => {
      last = '';
      log.info(`deploy: ${stage}`);
      progress.report({ message: stageWords(stage) });
    },
    status: (message) => {
      if (message === last) return;
      last = message;
      log.info(`deploy: ${message}`);
      progress.report({ message: plainText(waitingWords(topology, message)) });
    },
    upload: (sentBytes, totalBytes) => {
      progress.report({ message: uploadProgress(sentBytes, totalBytes) });
    },
    warning: (message) => {
      log.warn(`deploy: ${message}`);
    },
  };
}

function topologyOf(argument: unknown): TopologyName | undefined {
  if (typeof argument !== 'object' || argument === null || !('topology' in argument)) return undefined;
  return allTopologies.find((name) => name === argument.topology);
}
