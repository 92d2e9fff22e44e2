import * as vscode from 'vscode';
import type { TopologyName } from '../../core/plan.ts';
import { profileNames, type ProfileName } from '../../core/profiles.ts';
import type { BenchmarkChoices, GpuChoice, Subject, TargetChoice } from '../choices.ts';
import type { Cluster } from '../cluster.ts';
import { allTopologies, choicesSummary, profileSummary, topologyDescriptions } from '../describe.ts';
import { configUri } from '../prepare.ts';
import type { Settings } from '../settings.ts';
import { pickOne, pickSeveral, type Answer } from './pick.ts';
import { gpuChoices, targetChoices } from './target.ts';

export interface Known {
  readonly subject: Subject;
  readonly last: BenchmarkChoices | undefined;
  readonly settings: Settings;
  readonly cluster: Cluster;
  readonly title: string;
  /** Decided already, e.g. by the link in the welcome text or the topology that was clicked. */
  readonly topologies?: readonly TopologyName[] | undefined;
  readonly target?: TargetChoice | undefined;
}

interface Draft {
  topologies: readonly TopologyName[] | undefined;
  target: TargetChoice | undefined;
  gpu: GpuChoice | null;
  profile: ProfileName | undefined;
}

/**
 * Asks what is not decided yet: topologies, target, GPU and profile, with a way back. The last run's answers are offered
 * first, as a whole. undefined when the user left.
 */
export async function askBenchmark(known: Known): Promise<BenchmarkChoices | undefined> {
  const draft: Draft = { topologies: known.topologies, target: known.target, gpu: null, profile: undefined };
  const decided = known.topologies !== undefined || known.target !== undefined;
  if (known.last !== undefined && !decided) {
    const again = await askSameAgain(known, known.last);
    if (again.kind !== 'value') return undefined;
    if (again.value) return { ...known.last, subject: known.subject };
  }
  const questions = questionsOf(known, draft);
  let index = 0;
  let went: 'on' | 'back' = 'on';
  while (index >= 0 && index < questions.length) {
    const question = questions[index];
    const answer = question === undefined ? 'skipped' : await question();
    if (answer === 'left') return undefined;
    // A question that does not apply is passed over in the direction one goes.
    if (answer !== 'skipped') went = answer;
    index += went === 'on' ? 1 : -1;
  }
  const { topologies, target, gpu, profile } = draft;
  if (index < 0 || topologies === undefined || target === undefined || profile === undefined) return undefined;
  return { subject: known.subject, topologies, target, gpu: target.kind === 'local' ? null : gpu, profile };
}

type Asked = 'on' | 'back' | 'left' | 'skipped';

function questionsOf(known: Known, draft: Draft): (() => Promise<Asked>)[] {
  const { title, last, cluster, settings } = known;
  return [
    async () => {
      if (known.topologies !== undefined) return 'skipped';
      const answer = await pickSeveral<TopologyName>({
        title,
        placeholder: vscode.l10n.t('Which topologies? They run one after the other.'),
        canGoBack: false,
        choices: () =>
          allTopologies.map((topology) => ({
            label: topology,
            description: topologyDescriptions[topology],
            value: topology,
            picked: (draft.topologies ?? last?.topologies ?? allTopologies).includes(topology),
          })),
      });
      return take(answer, (topologies) => {
        draft.topologies = topologies;
      });
    },
    async () => {
      if (known.target !== undefined) return 'skipped';
      const answer = await pickOne<TargetChoice>({
        title,
        placeholder: vscode.l10n.t('Where should they run?'),
        canGoBack: known.topologies === undefined,
        choices: () => targetChoices(cluster, configUri(known.subject), draft.target ?? last?.target, true),
      });
      return take(answer, (target) => {
        draft.target = target;
      });
    },
    async () => {
      const { target } = draft;
      if (target?.kind !== 'kubernetes') return 'skipped';
      const answer = await pickOne<GpuChoice | null>({
        title,
        placeholder: vscode.l10n.t('Which GPU does each topology get?'),
        canGoBack: true,
        choices: (signal) => gpuChoices(cluster, target, settings, last?.gpu, signal),
      });
      return take(answer, (gpu) => {
        draft.gpu = gpu;
      });
    },
    async () => {
      const answer = await pickOne<ProfileName>({
        title,
        placeholder: vscode.l10n.t('How much load?'),
        canGoBack: true,
        choices: () =>
          profileNames.map((profile) => ({
            label: profile,
            detail: profileSummary(profile),
            value: profile,
            picked: profile === (last?.profile ?? settings.profile),
          })),
      });
      return take(answer, (profile) => {
        draft.profile = profile;
      });
    },
  ];
}

function askSameAgain(known: Known, last: BenchmarkChoices): Promise<Answer<boolean>> {
  return pickOne<boolean>({
    title: known.title,
    placeholder: vscode.l10n.t('What should run?'),
    canGoBack: false,
    choices: () => [
      {
        label: vscode.l10n.t('Same as last time: {0}', choicesSummary(last)),
        icon: 'history',
        value: true,
      },
      { label: vscode.l10n.t('Choose anew…'), icon: 'list-selection', value: false },
    ],
  });
}

function take<Value>(answer: Answer<Value>, keep: (value: Value) => void): Asked {
  if (answer.kind === 'value') keep(answer.value);
  return answer.kind === 'value' ? 'on' : answer.kind;
}
