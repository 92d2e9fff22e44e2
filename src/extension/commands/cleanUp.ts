import * as vscode from 'vscode';
import type { Leftover } from '../../core/cluster.ts';
import { placeNeeded, type ClusterPlace } from '../cluster.ts';
import { startOfRunId } from '../../core/runId.ts';
import { isDeployNote } from '../deployNote.ts';
import { gpuCount } from '../describe.ts';
import { localTime } from '../localTime.ts';
import { plainText } from '../plainText.ts';
import type { Services } from '../services.ts';
import { shownWait } from '../shownWait.ts';
import { signalFrom } from '../signals.ts';
import { trustedOrTold } from '../trust.ts';

/**
 * Finds what runs left behind in the namespace that it was called on, else in the current one, shows it, and removes what
 * the user ticks.
 */
export async function cleanUp(argument: unknown, services: Services): Promise<void> {
  if (!(await trustedOrTold())) return;
  const place = placeIn(argument) ?? (await placeNeeded(services.cluster));
  const all = await shownWait(
    vscode.l10n.t('Looking for what is left behind on {0}/{1}', place.context, place.namespace),
    'looking for what is left behind',
    (signal) => foreign(place, services, signal),
  );
  await forgetMarkers(place, services, all);
  const leftovers = all.filter((leftover) => !leftover.inUse);
  if (leftovers.length === 0) {
    await tellNothing(place, all, services);
    return;
  }
  const picked = await vscode.window.showQuickPick(leftovers.map(itemOf), {
    title: vscode.l10n.t('Clean Up {0}/{1}', place.context, place.namespace),
    placeHolder: vscode.l10n.t('What should be removed?'),
    canPickMany: true,
  });
  if (picked === undefined || picked.length === 0) return;
  await remove(
    place,
    picked.map((item) => item.leftover),
    services,
  );
}

/** What was given up a moment ago still looks as if somebody looked after it, and must not be said not to be there. */
async function tellNothing(place: ClusterPlace, inUse: readonly Leftover[], services: Services): Promise<void> {
  const { context, namespace } = place;
  if (inUse.length === 0) {
    void vscode.window.showInformationMessage(
      plainText(vscode.l10n.t('Nothing of Topology Bench is left behind on {0}/{1}.', context, namespace)),
    );
    return;
  }
  const lookAgain = vscode.l10n.t('Look Again');
  const message = vscode.l10n.t(
    'What is there of Topology Bench on {0}/{1} is looked after, or was less than a minute ago: {2}. Look again in a minute for what nobody looks after any more.',
    context,
    namespace,
    inUse.map(({ id }) => id).join(', '),
  );
  if ((await vscode.window.showInformationMessage(plainText(message), lookAgain)) !== lookAgain) return;
  await cleanUp(place, services);
}

/**
 * After activation: runs that a closed window left behind, and what a Deploy of it had half made, are looked for, but only
 * where such a one is noted; their clean-up is offered, once each. True when one of them still seems to be looked after, which may be an echo of a window
 * that has just closed: then it is worth looking again a minute later.
 * @param offered ids of the runs that were offered by this window already; those offered now are added
 */
export async function offerLeftBehind(services: Services, offered: Set<string>): Promise<boolean> {
  if (!vscode.workspace.isTrusted) return false;
  const notes = services.memory.unfinished();
  const noted = new Set(notes.map((run) => run.runId));
  const places = new Map<string, ClusterPlace>();
  for (const { context, namespace } of notes) {
    places.set(`${context}/${namespace}`, { context, namespace });
  }
  let lookAgain = false;
  for (const place of places.values()) {
    try {
      const all = await foreign(place, services);
      await forgetMarkers(place, services, all);
      const deploying = notes.some((note) => isDeployNote(note) && isAt(note, place));
      lookAgain ||= all.some(({ kind, id, inUse }) => inUse && (kind === 'run' ? noted.has(id) : deploying));
      const left = all.filter(({ id, leftBehind }) => leftBehind && !offered.has(id));
      if (left.length === 0) continue;
      for (const { id } of left) offered.add(id);
      offer(place, left, services).catch((error: unknown) => {
        services.failures.show(error, 'cleaning up');
      });
    } catch (error) {
      // Nobody asked, so a cluster that is away at the moment is no news; the note stays for the next start.
      services.log.info(`Looking for runs left behind on ${place.context}/${place.namespace} did not succeed.`);
      services.failures.note(error, 'looking for runs left behind');
    }
  }
  return lookAgain;
}

async function offer(place: ClusterPlace, left: readonly Leftover[], services: Services): Promise<void> {
  const cleanUpNow = vscode.l10n.t('Clean Up');
  const gpus = left.reduce((sum, each) => sum + each.gpus, 0);
  const count = (kind: Leftover['kind']): number => left.filter((each) => each.kind === kind).length;
  const message = [
    ...runsLeft(count('run'), place),
    ...deploymentsLeft(count('deployment'), place),
    ...(gpus === 0 ? [] : [vscode.l10n.t('GPUs still held: {0}.', gpus)]),
  ].join(' ');
  const chosen = await vscode.window.showWarningMessage(plainText(message), cleanUpNow, vscode.l10n.t('Later'));
  if (chosen === cleanUpNow) await remove(place, left, services);
}

function runsLeft(count: number, { context, namespace }: ClusterPlace): string[] {
  if (count === 0) return [];
  return [
    count === 1
      ? vscode.l10n.t('A window that closed has left 1 benchmark run behind on {0}/{1}.', context, namespace)
      : vscode.l10n.t('A window that closed has left {0} benchmark runs behind on {1}/{2}.', count, context, namespace),
  ];
}

function deploymentsLeft(count: number, { context, namespace }: ClusterPlace): string[] {
  if (count === 0) return [];
  return [
    count === 1
      ? vscode.l10n.t('A window that closed has left 1 unfinished deployment behind on {0}/{1}.', context, namespace)
      : vscode.l10n.t(
          'A window that closed has left {0} unfinished deployments behind on {1}/{2}.',
          count,
          context,
          namespace,
        ),
  ];
}

async function remove(place: ClusterPlace, leftovers: readonly Leftover[], services: Services): Promise<void> {
  const { length } = leftovers;
  const what =
    length === 1
      ? vscode.l10n.t('Remove 1 leftover from {0}/{1}.', place.context, place.namespace)
      : vscode.l10n.t('Remove {0} leftovers from {1}/{2}.', length, place.context, place.namespace);
  if (!(await services.protection.permitsRemoval(place.context, what))) return;
  const { kept } = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      cancellable: true,
      title: plainText(vscode.l10n.t('Cleaning up {0}/{1}', place.context, place.namespace)),
    },
    async (progress, token) => {
      const stop = signalFrom(token);
      const waiting = (message: string): void => {
        services.log.info(message);
        progress.report({ message: plainText(message) });
      };
      try {
        return await services.cluster.removeLeftovers(place, leftovers, waiting, stop.signal);
      } finally {
        stop.dispose();
      }
    },
  );
  for (const leftover of leftovers) await services.memory.forgetUnfinished(leftover.id);
  services.cluster.changed();
  const removed = length === 1 ? vscode.l10n.t('Removed 1 leftover.') : vscode.l10n.t('Removed {0} leftovers.', length);
  if (kept.length === 0) void vscode.window.showInformationMessage(removed);
  else void vscode.window.showWarningMessage(plainText([removed, ...kept].join(' ')));
}

/** What is there and is not of this window; `inUse` tells what another window or the command line looks after. */
async function foreign(place: ClusterPlace, services: Services, stop?: AbortSignal): Promise<Leftover[]> {
  const own = new Set(services.runs.active().map((run) => run.id));
  return (await services.cluster.leftovers(place, stop)).filter((leftover) => !own.has(leftover.id));
}

/** Longest that a run may be on its way before anything of it is on the cluster: its checks, and those before them. */
const nothingYetMs = 15 * 60_000;

/**
 * A noted run of which nothing is there any more is finished, and so is a noted Deploy where no deployment is half made. One
 * that was noted lately may be another window's that has made nothing yet: its note is all that would find it later.
 */
async function forgetMarkers(place: ClusterPlace, services: Services, present: readonly Leftover[]): Promise<void> {
  const active = new Set(services.runs.active().map((run) => run.id));
  const ids = new Set(present.map(({ id }) => id));
  const halfMade = present.some(({ kind, inUse, leftBehind }) => kind === 'deployment' && (inUse || leftBehind));
  for (const run of services.memory.unfinished()) {
    const isPresent = isDeployNote(run) ? halfMade : ids.has(run.runId);
    // A note from the future is of a clock that was set back, and must not stay for ever.
    const recent = Math.abs(Date.now() - Date.parse(run.startedAt)) < nothingYetMs;
    if (isAt(run, place) && !recent && !isPresent && !active.has(run.runId)) {
      await services.memory.forgetUnfinished(run.runId);
    }
  }
}

function isAt(run: ClusterPlace, place: ClusterPlace): boolean {
  return run.context === place.context && run.namespace === place.namespace;
}

function placeIn(argument: unknown): ClusterPlace | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  if (!('context' in argument) || !('namespace' in argument)) return undefined;
  const { context, namespace } = argument;
  return typeof context === 'string' && typeof namespace === 'string' ? { context, namespace } : undefined;
}

function itemOf(leftover: Leftover): vscode.QuickPickItem & { readonly leftover: Leftover } {
  const deployment = leftover.leftBehind ? vscode.l10n.t('Unfinished deployment') : vscode.l10n.t('Deployment');
  const what = leftover.kind === 'run' ? vscode.l10n.t('Benchmark run') : deployment;
  const since = leftover.kind === 'run' ? startOfRunId(leftover.id) : leftover.createdAt;
  return {
    label: vscode.l10n.t('{0} {1}', what, leftover.id),
    description: [
      vscode.l10n.t('since {0}', localTime(since)),
      ...(leftover.gpus === 0 ? [] : [gpuCount(leftover.gpus)]),
    ].join(', '),
    detail: leftover.objects.map((object) => `${object.kind}/${object.name}`).join(', '),
    // A deployment that came up was made to stay.
    picked: leftover.leftBehind,
    leftover,
  };
}
