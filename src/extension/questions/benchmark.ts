import * as vscode from 'vscode';
import type { TopologyName } from '../../core/plan.ts';
import type { Answers, BenchmarkChoices, GpuChoice, Subject, TargetChoice } from '../choices.ts';
import type { Cluster } from '../cluster.ts';
import { allTopologies, choicesSummary } from '../describe.ts';
import { configUri } from '../prepare.ts';
import type { Settings } from '../settings.ts';
import { gpuChoices } from './gpus.ts';
import { askInTurn, take, type Step } from './inTurn.ts';
import { askBound, askLoad, type LoadChoice } from './load.ts';
import { pickOne, pickSeveral, type Answer } from './pick.ts';
import { targetChoices } from './target.ts';
import { topologyChoices } from './topologies.ts';

export interface Known {
  readonly subject: Subject;
  /** What ran last, offered as a whole. */
  readonly last: BenchmarkChoices | undefined;
  /** What each question begins with. */
  readonly answers: Answers | undefined;
  readonly settings: Settings;
  readonly cluster: Cluster;
  readonly title: string;
  /** Decided already, e.g. by the link in the welcome text or the topology that was clicked. */
  readonly topologies?: readonly TopologyName[] | undefined;
  readonly target?: TargetChoice | undefined;
  /** From the first question, to that for the model. */
  readonly canGoBack: boolean;
}

/** The last question: whether to start what was chosen. */
type Confirm<Confirmed> = (choices: BenchmarkChoices) => Promise<Answer<Confirmed>>;

interface Draft {
  /** Whether the answers of the last run hold, and nothing else is asked. */
  isSame: boolean;
  topologies: readonly TopologyName[] | undefined;
  target: TargetChoice | undefined;
  /** undefined: not asked yet. */
  gpu: GpuChoice | null | undefined;
  load: LoadChoice | undefined;
  sloP95Ms: number | undefined;
}

/**
 * Asks what is not decided yet: topologies, target, GPU and load, and whether to start, with a way back. What ran last is offered
 * first, as a whole, and each question begins with the last answer to it.
 */
export async function askBenchmark<Confirmed>(known: Known, confirm: Confirm<Confirmed>): Promise<Answer<Confirmed>> {
  const { topologies, target, answers, canGoBack } = known;
  const draft: Draft = {
    isSame: false,
    topologies,
    target,
    gpu: undefined,
    load: undefined,
    sloP95Ms: answers?.sloP95Ms,
  };
  let confirmed: Answer<Confirmed> = { kind: 'left' };
  const last: Step = {
    isUncounted: true,
    applies: () => true,
    ask: async () => {
      const choices = choicesOf(known, draft);
      if (choices !== undefined) confirmed = await confirm(choices);
      return take(confirmed, () => undefined);
    },
  };
  const went = await askInTurn([...stepsOf(known, draft), last], canGoBack);
  return went === 'on' ? confirmed : { kind: went };
}

function choicesOf({ subject, last }: Known, draft: Draft): BenchmarkChoices | undefined {
  if (draft.isSame) return last && { ...last, subject };
  const { topologies, target, gpu, load, sloP95Ms } = draft;
  if (topologies === undefined || target === undefined || load === undefined) return undefined;
  const { profile, repetitions } = load;
  return {
    subject,
    topologies,
    target,
    gpu: target.kind === 'local' ? null : (gpu ?? null),
    profile,
    ...(profile === 'server' && sloP95Ms !== undefined ? { sloP95Ms } : {}),
    ...(repetitions === undefined ? {} : { repetitions }),
  };
}

function stepsOf(known: Known, draft: Draft): Step[] {
  const { last } = known;
  const isNew = known.topologies === undefined && known.target === undefined;
  const askedAnew = questionsOf(known, draft).map((step) => ({
    ...step,
    applies: () => !draft.isSame && step.applies(),
  }));
  if (last === undefined || !isNew) return askedAnew;
  return [
    {
      isUncounted: true,
      applies: () => true,
      ask: async ({ canGoBack }) =>
        take(await askSameAgain(known, last, canGoBack), (isSame) => {
          draft.isSame = isSame;
        }),
    },
    ...askedAnew,
  ];
}

function questionsOf(known: Known, draft: Draft): Step[] {
  const { title, answers, cluster, settings } = known;
  return [
    {
      applies: () => known.topologies === undefined,
      ask: async (where) => {
        const answer = await pickSeveral<TopologyName>({
          title,
          ...where,
          placeholder: vscode.l10n.t('Which topologies? They run one after the other.'),
          choices: async () => {
            const picked = draft.topologies ?? answers?.topologies ?? allTopologies;
            const choices = await topologyChoices(known.subject, known.target?.kind);
            return choices.map((choice) => ({ ...choice, picked: picked.includes(choice.value) }));
          },
        });
        return take(answer, (topologies) => {
          draft.topologies = topologies;
        });
      },
    },
    {
      applies: () => known.target === undefined,
      ask: async (where) => {
        const answer = await pickOne<TargetChoice>({
          title,
          ...where,
          placeholder: vscode.l10n.t('Where should they run?'),
          choices: () => {
            const proposed = draft.target ?? answers?.target;
            return targetChoices(cluster, configUri(known.subject), proposed, draft.topologies ?? allTopologies);
          },
        });
        return take(answer, (target) => {
          draft.target = target;
        });
      },
    },
    {
      applies: () => expectedTarget(known, draft) !== 'local',
      ask: async (where) => {
        const { target } = draft;
        if (target?.kind !== 'kubernetes') return 'on';
        const proposed = draft.gpu === undefined ? answers?.gpu : draft.gpu;
        const answer = await pickOne<GpuChoice | null>({
          title,
          ...where,
          placeholder: vscode.l10n.t('Which GPU does each topology get?'),
          choices: (signal) => gpuChoices(cluster, target, settings, proposed, signal),
        });
        return take(answer, (gpu) => {
          draft.gpu = gpu;
        });
      },
    },
    {
      applies: () => true,
      ask: async (where) => {
        const proposed = draft.load ?? {
          profile: answers?.profile ?? settings.profile,
          repetitions: answers?.repetitions,
        };
        return take(await askLoad({ title, ...where }, proposed), (load) => {
          draft.load = load;
        });
      },
    },
    {
      applies: () => draft.load?.profile === 'server',
      ask: async (where) =>
        take(await askBound({ title, ...where }, draft.sloP95Ms), (bound) => {
          draft.sloP95Ms = bound;
        }),
    },
  ];
}

/** Until it is answered where, the count of questions is that of the last time, and before that the one of the place in view. */
function expectedTarget({ answers, cluster }: Known, { target }: Draft): TargetChoice['kind'] {
  const inView = cluster.lastPlace() === undefined ? 'local' : 'kubernetes';
  return (target ?? answers?.target)?.kind ?? inView;
}

function askSameAgain(known: Known, last: BenchmarkChoices, canGoBack: boolean): Promise<Answer<boolean>> {
  return pickOne<boolean>({
    title: known.title,
    placeholder: vscode.l10n.t('What should run?'),
    canGoBack,
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
