import * as vscode from 'vscode';
import type { BenchmarkChoices, TargetChoice } from '../choices.ts';
import { planDetail, planSummary, subjectName, targetName } from '../describe.ts';
import type { PreparedRun } from '../prepare.ts';
import type { Services } from '../services.ts';
import { readSettings } from '../settings.ts';
import { shownWait } from '../shownWait.ts';
import type { Went } from './inTurn.ts';
import type { Answer } from './pick.ts';

type Prepare = (choices: BenchmarkChoices) => Promise<PreparedRun | undefined>;

type Asked = Pick<Services, 'cluster'>;

/**
 * Says what will run, where, for about how long and how many GPU-minutes, and asks whether to start, with a way back to the
 * questions before. A namespace that does not exist is made only when the user says so here.
 * @throws BenchError forbidden where one would have to be made without the right to make and to delete it; cancelled when the user
 * left while the cluster was asked
 */
export async function confirmAnswers(
  choices: BenchmarkChoices,
  services: Asked,
  prepareRun: Prepare,
): Promise<Answer<PreparedRun>> {
  const looked = await lookForNamespace(choices, services);
  const prepared = await prepareRun(looked.choices);
  if (prepared === undefined) return { kind: 'left' };
  const said = await askToStart(prepared, looked, true);
  return said === 'on' ? { kind: 'value', value: prepared } : { kind: said };
}

/** The same where nothing was asked before. undefined when the user left. @throws BenchError as confirmAnswers */
export async function confirmRun(
  choices: BenchmarkChoices,
  services: Asked,
  prepareRun: Prepare,
): Promise<PreparedRun | undefined> {
  const looked = await lookForNamespace(choices, services);
  const prepared = await prepareRun(looked.choices);
  return prepared !== undefined && (await askToStart(prepared, looked)) === 'on' ? prepared : undefined;
}

/** Asks the same, but only where a namespace would have to be made. */
export async function confirmNamespace(
  choices: BenchmarkChoices,
  services: Asked,
  prepareRun: Prepare,
): Promise<PreparedRun | undefined> {
  const looked = await lookForNamespace(choices, services);
  const prepared = await prepareRun(looked.choices);
  if (prepared === undefined || !looked.missing) return prepared;
  return (await askToStart(prepared, looked)) === 'on' ? prepared : undefined;
}

/** What is to be said of the namespace before a run. */
interface Looked {
  /** Whether it has to be made. */
  readonly missing: boolean;
  /** Why it would stay then; undefined where it would go with the run, as far as can be told. */
  readonly stays: string | undefined;
}

/**
 * Waits in sight for what a cluster says of the namespace of a target.
 * @throws BenchError cancelled; what the look throws
 */
export function lookAtNamespace<Value>(
  target: TargetChoice,
  look: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  return shownWait(vscode.l10n.t('Looking at {0}', targetName(target)), 'looking at the namespace', look);
}

async function lookForNamespace(
  choices: BenchmarkChoices,
  { cluster }: Asked,
): Promise<Looked & { readonly choices: BenchmarkChoices }> {
  const { target } = choices;
  if (target.kind !== 'kubernetes') return { choices, missing: false, stays: undefined };
  const { missing, stays } = await lookAtNamespace(target, async (signal) => {
    const lacking = await cluster.lacksNamespace(target, signal);
    return { missing: lacking, stays: lacking ? await cluster.whyNamespaceWouldStay(target, signal) : undefined };
  });
  return { choices: { ...choices, target: { ...target, createNamespace: missing } }, missing, stays };
}

async function askToStart(prepared: PreparedRun, { missing, stays }: Looked, canGoBack = false): Promise<Went> {
  const { choices } = prepared;
  const { plan } = choices;
  const back = vscode.l10n.t('Back');
  const start = missing ? vscode.l10n.t('Create Namespace and Start') : vscode.l10n.t('Start');
  const chosen = await vscode.window.showInformationMessage(
    vscode.l10n.t('Benchmark {0}: {1}?', subjectName(choices.subject), choices.topologies.join(', ')),
    {
      modal: true,
      detail: [
        ...(plan === undefined
          ? []
          : [vscode.l10n.t('As {0} says.', vscode.workspace.asRelativePath(vscode.Uri.parse(plan.uri)))]),
        `${planSummary(prepared.plan, choices, prepared.estimateSeconds, readSettings(undefined).gpuPrice.price)}.`,
        planDetail(prepared.plan, stays !== undefined),
        ...fetched(prepared),
        ...(stays === undefined ? [] : [stays]),
        ...prepared.warnings,
      ].join('\n\n'),
    },
    start,
    ...(canGoBack ? [back] : []),
  );
  if (chosen === start) return 'on';
  return chosen === back ? 'back' : 'left';
}

/** Nobody should be surprised by a download, or look for where it went. */
function fetched({ firstFetch }: Pick<PreparedRun, 'firstFetch'>): string[] {
  if (firstFetch === null || firstFetch.toFetch.length === 0) return [];
  const { toFetch, cacheDirectory } = firstFetch;
  if (!toFetch.includes('triton'))
    return [vscode.l10n.t("The servers' Python packages are fetched first, once, and kept in {0}.", cacheDirectory)];
  if (!toFetch.includes('packages'))
    return [vscode.l10n.t('About 55 MB of Triton are fetched first, once, and kept in {0}.', cacheDirectory)];
  return [
    vscode.l10n.t(
      "About 55 MB of Triton and the servers' Python packages are fetched first, once, and kept in {0}.",
      cacheDirectory,
    ),
  ];
}
