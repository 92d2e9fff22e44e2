import * as vscode from 'vscode';
import type { TopologyName } from '../../core/plan.ts';
import type { Answers, BenchmarkChoices, GpuChoice, Subject, TargetChoice } from '../choices.ts';
import type { Cluster } from '../cluster.ts';
import { configUri } from '../prepare.ts';
import type { Settings } from '../settings.ts';
import { gpuChoices } from './gpus.ts';
import { askInTurn, take, type Step } from './inTurn.ts';
import { pickOne, type Answer } from './pick.ts';
import { targetChoices } from './target.ts';
import { topologyChoices } from './topologies.ts';

export type ClusterTarget = Extract<TargetChoice, { kind: 'kubernetes' }>;

/** What is deployed to stay, and where; a deployment has no load, so that the profile means nothing. */
export type DeployChoices = BenchmarkChoices & { readonly target: ClusterTarget };

export interface KnownOfDeployment {
  readonly subject: Subject;
  /** Of the row that was clicked. */
  readonly topology: TopologyName | undefined;
  readonly last: Pick<Answers, 'target' | 'gpu'> | undefined;
  readonly settings: Settings;
  readonly cluster: Cluster;
  readonly title: string;
  /** From the first question, to that for the model. */
  readonly canGoBack: boolean;
}

interface Draft {
  topology: TopologyName | undefined;
  target: ClusterTarget | undefined;
  /** undefined: not asked yet. */
  gpu: GpuChoice | null | undefined;
}

/** Asks what is not decided yet: topology, place and GPU, with a way back. */
export async function askDeploy(known: KnownOfDeployment): Promise<Answer<DeployChoices>> {
  const draft: Draft = { topology: known.topology, target: undefined, gpu: undefined };
  const went = await askInTurn(stepsOf(known, draft), known.canGoBack);
  if (went !== 'on') return { kind: went };
  const { topology, target, gpu } = draft;
  if (topology === undefined || target === undefined) return { kind: 'left' };
  const value = { subject: known.subject, topologies: [topology], target, gpu: gpu ?? null, profile: 'quick' } as const;
  return { kind: 'value', value };
}

function stepsOf(
  { subject, topology: clicked, last, settings, cluster, title }: KnownOfDeployment,
  draft: Draft,
): Step[] {
  return [
    {
      applies: () => clicked === undefined,
      ask: async (where) => {
        const answer = await pickOne<TopologyName>({
          title,
          ...where,
          placeholder: vscode.l10n.t('Which topology?'),
          choices: async () => {
            const choices = await topologyChoices(subject, 'kubernetes');
            return choices.map((choice) => ({ ...choice, picked: choice.value === draft.topology }));
          },
        });
        return take(answer, (topology) => {
          draft.topology = topology;
        });
      },
    },
    {
      applies: () => true,
      ask: async (where) => {
        const answer = await pickOne<TargetChoice>({
          title,
          ...where,
          placeholder: vscode.l10n.t('Where should {0} be deployed?', draft.topology ?? ''),
          choices: () => targetChoices(cluster, configUri(subject), draft.target ?? last?.target, null),
        });
        return take(answer, (target) => {
          if (target.kind === 'kubernetes') draft.target = target;
        });
      },
    },
    {
      applies: () => true,
      ask: async (where) => {
        const { target } = draft;
        if (target === undefined) return 'left';
        const proposed = draft.gpu === undefined ? last?.gpu : draft.gpu;
        const answer = await pickOne<GpuChoice | null>({
          title,
          ...where,
          placeholder: vscode.l10n.t('Which GPU does it get?'),
          choices: (signal) => gpuChoices(cluster, target, settings, proposed, signal),
        });
        return take(answer, (gpu) => {
          draft.gpu = gpu;
        });
      },
    },
  ];
}
