import type { Memento } from 'vscode';
import {
  subjectKey,
  withoutCreation,
  type Answers,
  type BenchmarkChoices,
  type PlanChoice,
  type Subject,
} from './choices.ts';

/** A run on a cluster that has begun; it stays noted until its clean-up is known to be done. */
export interface UnfinishedRun {
  readonly runId: string;
  readonly context: string;
  readonly namespace: string;
  readonly startedAt: string;
}

/** A run that waits for another one. */
export interface QueuedRun {
  readonly runId: string;
  /** Process of the window that would begin it. */
  readonly pid: number;
}

/** A run that was stopped before it had a figure, which leaves no record. */
export interface StoppedEarly {
  /** False: it still waited for another one. */
  readonly begun: boolean;
}

/** What is kept between windows. Everything here may be lost without harm but the unfinished runs, which Clean Up finds too. */
export interface Memory {
  /** What ran last. */
  lastChoices(): BenchmarkChoices | undefined;
  /** undefined: nothing ran yet. */
  rememberChoices(choices: BenchmarkChoices | undefined): Promise<void>;
  /** What each question begins with. */
  lastAnswers(): Answers | undefined;
  rememberAnswers(choices: BenchmarkChoices): Promise<void>;
  /** Which run measured a subject last, or was of a plan file, for the lens; one without numbers does not hide those before it. */
  lastRunOf(subject: Subject | Pick<PlanChoice, 'uri'>): string | undefined;
  /** What a run was started with, for "benchmark again"; of the last runs only. */
  choicesOf(runId: string): BenchmarkChoices | undefined;
  rememberRun(runId: string, choices: BenchmarkChoices): Promise<void>;
  /** That the user stopped a run before it had a figure; undefined: nothing of the kind is known. */
  stoppedEarly(runId: string): StoppedEarly | undefined;
  noteStoppedEarly(runId: string, how: StoppedEarly): Promise<void>;
  /** Run that the other runs of a model or endpoint are held against, by planSubjectKey. */
  baselines(): Readonly<Record<string, string>>;
  /** undefined: none any more. */
  rememberBaseline(key: string, runId: string | undefined): Promise<void>;
  /** @param isCompleted false: it hides none before it that was */
  rememberMeasured(runId: string, subject: Subject | Pick<PlanChoice, 'uri'>, isCompleted: boolean): Promise<void>;
  tokenizerOf(subject: Subject): string | undefined;
  rememberTokenizer(subject: Subject, path: string | undefined): Promise<void>;
  /** What the Cluster view was told to show; undefined: the kubeconfig's current context and its namespace. */
  selectedContext(): string | undefined;
  selectContext(context: string | undefined): Promise<void>;
  selectedNamespace(context: string): string | undefined;
  /** undefined: follow the settings and the context again. */
  selectNamespace(context: string, namespace: string | undefined): Promise<void>;
  /** Address of the folder that an export went to last. */
  exportFolder(): string | undefined;
  rememberExportFolder(folder: string): Promise<void>;
  /** Runs that waited when they were last heard of, the one that came first first. */
  queued(): readonly QueuedRun[];
  noteQueued(run: QueuedRun): Promise<void>;
  forgetQueued(runId: string): Promise<void>;
  unfinished(): readonly UnfinishedRun[];
  noteUnfinished(run: UnfinishedRun): Promise<void>;
  forgetUnfinished(runId: string): Promise<void>;
}

const keptRuns = 50;

/** @param workspace what belongs to this workspace; @param machine what any window may have to finish */
export function createMemory(workspace: Memento, machine: Memento): Memory {
  const table = <Value>(key: string): Record<string, Value> => ({ ...workspace.get<Record<string, Value>>(key) });
  const put = async (key: string, name: string, value: unknown): Promise<void> => {
    const others = Object.entries(table<unknown>(key)).filter(([other]) => other !== name);
    const entries = value === undefined ? others : [...others, [name, value] as const];
    await workspace.update(key, Object.fromEntries(entries.slice(-keptRuns)));
  };
  const queued = (): readonly QueuedRun[] => workspace.get<QueuedRun[]>('queuedRuns') ?? [];
  const unfinished = (): readonly UnfinishedRun[] => machine.get<UnfinishedRun[]>('unfinishedRuns') ?? [];
  return {
    lastChoices: () => workspace.get<BenchmarkChoices>('lastChoices'),
    rememberChoices: async (choices) => {
      await workspace.update('lastChoices', choices);
    },
    lastAnswers: () => workspace.get<Answers>('lastAnswers'),
    rememberAnswers: async ({ subject, topologies, target, gpu, profile, sloP95Ms, repetitions }) => {
      const ofClusters = target.kind === 'local' ? workspace.get<Answers>('lastAnswers')?.gpu : gpu;
      const answers: Answers = {
        subject,
        topologies,
        target: withoutCreation(target),
        profile,
        ...(ofClusters === undefined ? {} : { gpu: ofClusters }),
        ...(sloP95Ms === undefined ? {} : { sloP95Ms }),
        ...(repetitions === undefined ? {} : { repetitions }),
      };
      await workspace.update('lastAnswers', answers);
    },
    lastRunOf: (subject) => table<string>('lastRuns')[subjectKey(subject)],
    choicesOf: (runId) => table<BenchmarkChoices>('choicesOfRuns')[runId],
    rememberRun: (runId, choices) => put('choicesOfRuns', runId, choices),
    stoppedEarly: (runId) => table<StoppedEarly>('stoppedEarly')[runId],
    noteStoppedEarly: (runId, how) => put('stoppedEarly', runId, how),
    rememberMeasured: async (runId, subject, isCompleted) => {
      const key = subjectKey(subject);
      const last = table<string>('lastRuns')[key];
      const isKept = last !== undefined && table<string>('lastRunsStopped')[key] !== last;
      if (!isCompleted && isKept) return;
      await put('lastRunsStopped', key, isCompleted ? undefined : runId);
      await put('lastRuns', key, runId);
    },
    baselines: () => table<string>('baselines'),
    rememberBaseline: async (key, runId) => {
      // Pinned by hand, so that none is dropped for the number of them.
      const others = Object.entries(table<string>('baselines')).filter(([other]) => other !== key);
      await workspace.update('baselines', Object.fromEntries(runId === undefined ? others : [...others, [key, runId]]));
    },
    tokenizerOf: (subject) => table<string>('tokenizers')[subjectKey(subject)],
    rememberTokenizer: (subject, path) => put('tokenizers', subjectKey(subject), path),
    selectedContext: () => workspace.get<string>('context'),
    selectContext: async (context) => {
      await workspace.update('context', context);
    },
    selectedNamespace: (context) => table<string>('namespaces')[context],
    selectNamespace: (context, namespace) => put('namespaces', context, namespace),
    exportFolder: () => workspace.get<string>('exportFolder'),
    rememberExportFolder: async (folder) => {
      await workspace.update('exportFolder', folder);
    },
    queued,
    async noteQueued(run) {
      await workspace.update('queuedRuns', [...queued(), run]);
    },
    async forgetQueued(runId) {
      await workspace.update(
        'queuedRuns',
        queued().filter((other) => other.runId !== runId),
      );
    },
    unfinished,
    async noteUnfinished(run) {
      await machine.update('unfinishedRuns', [...unfinished().filter((other) => other.runId !== run.runId), run]);
    },
    async forgetUnfinished(runId) {
      await machine.update(
        'unfinishedRuns',
        unfinished().filter((other) => other.runId !== runId),
      );
    },
  };
}
