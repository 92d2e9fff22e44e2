import * as vscode from 'vscode';
import { BenchError, explain } from '../../core/errors.ts';
import { topologiesWithoutCluster } from '../../core/localSupport.ts';
import type { TopologyName } from '../../core/plan.ts';
import type { TargetChoice } from '../choices.ts';
import type { Cluster } from '../cluster.ts';
import { isProtected } from '../protection.ts';
import type { Choice, Note } from './pick.ts';

/**
 * Contexts with the current one first, and this machine, which stands before them where that cluster is away; a kubeconfig that
 * cannot be read is said, not hidden.
 * @param scope the model config that the target is for
 * @param topologies that would run on this machine; null: it is no choice
 * @throws BenchError kubeconfig-missing, kubeconfig-broken, where nothing can be chosen, this machine included
 */
export async function targetChoices(
  cluster: Cluster,
  scope: vscode.Uri | undefined,
  last: TargetChoice | undefined,
  topologies: readonly TopologyName[] | null,
): Promise<(Choice<TargetChoice> | Note)[]> {
  const { ending, notHere } = thisMachine(topologies ?? [], last);
  try {
    const selected = await cluster.current();
    const contexts = [...(await cluster.contexts())].sort(
      (a, b) => Number(b.name === selected?.context) - Number(a.name === selected?.context),
    );
    const choices = contexts.map((context): Choice<TargetChoice> => {
      const place = cluster.placeOf(context, scope);
      return {
        label: `${place.context}/${place.namespace}`,
        description: [
          context.name === selected?.context
            ? vscode.l10n.t('current context and namespace')
            : vscode.l10n.t('context and namespace'),
          ...(isProtected(context.name) ? [vscode.l10n.t('protected')] : []),
          ...(cluster.wasAway(context.name) ? [vscode.l10n.t('could not be reached last time')] : []),
        ].join(', '),
        icon: isProtected(context.name) ? 'lock' : 'server-environment',
        value: { kind: 'kubernetes', ...place, createNamespace: false },
        picked: last?.kind === 'kubernetes' && last.context === place.context,
      };
    });
    if (contexts.length === 0 && ending.length === 0) throw emptyKubeconfig();
    const none: Note[] = contexts.length === 0 ? [{ note: vscode.l10n.t('The kubeconfig has no context.') }] : [];
    const isAway = selected === undefined || cluster.wasAway(selected.context);
    return isAway ? [...ending, ...choices, ...none, ...notHere] : [...choices, ...ending, ...none, ...notHere];
  } catch (error) {
    if (ending.length === 0) throw error;
    return [...ending, { note: vscode.l10n.t('No cluster can be chosen'), detail: explain(error) }];
  }
}

/**
 * Where there is no cluster to choose, a question for anything else would be in vain.
 * @throws BenchError kubeconfig-missing, kubeconfig-broken
 */
export async function needContexts(cluster: Pick<Cluster, 'contexts'>): Promise<void> {
  if ((await cluster.contexts()).length === 0) throw emptyKubeconfig();
}

function emptyKubeconfig(): BenchError {
  return new BenchError({
    reason: 'kubeconfig-broken',
    message: vscode.l10n.t('The kubeconfig has no context, so there is no cluster to choose.'),
    nextStep: vscode.l10n.t(
      'Add one with "kubectl config" or your cloud provider\'s command line, or name another kubeconfig in the settings.',
    ),
  });
}

/** This machine as a choice, or why it is none. */
function thisMachine(
  topologies: readonly TopologyName[],
  last: TargetChoice | undefined,
): { readonly ending: readonly Choice<TargetChoice>[]; readonly notHere: readonly Note[] } {
  if (topologies.length === 0) return { ending: [], notHere: [] };
  const able = topologiesWithoutCluster(process);
  const here = topologies.filter((topology) => able.includes(topology));
  if (here.length === 0) {
    const why =
      able.length === 0
        ? vscode.l10n.t('The servers do not run on Windows itself. Open the folder in WSL to run them there.')
        : vscode.l10n.t('Without a cluster, Triton and the hybrid run on Linux on x86-64 alone.');
    return { ending: [], notHere: [{ note: vscode.l10n.t('This machine cannot be chosen'), detail: why }] };
  }
  const local: Choice<TargetChoice> = {
    label: vscode.l10n.t('This machine'),
    description:
      here.length === topologies.length
        ? vscode.l10n.t('without a cluster, CPU only')
        : vscode.l10n.t('without a cluster, CPU only, {0} alone', here.join(', ')),
    icon: 'device-desktop',
    value: { kind: 'local' },
    picked: last?.kind === 'local',
  };
  return { ending: [local], notHere: [] };
}
