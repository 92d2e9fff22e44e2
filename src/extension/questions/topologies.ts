import * as vscode from 'vscode';
import { topologiesWithoutCluster } from '../../core/localSupport.ts';
import type { ParsedModel } from '../../core/model.ts';
import type { TopologyName } from '../../core/plan.ts';
import type { Subject, TargetChoice } from '../choices.ts';
import { allTopologies, topologyDescription } from '../describe.ts';
import { modelOfFile } from '../modelDocument.ts';
import { configUri } from '../prepare.ts';
import type { Choice } from './pick.ts';

/**
 * The topologies to choose from, each with what it is, with what the model's config decides of it, and with what this machine
 * cannot do.
 * @param where that they will run: then those that cannot run there are left out
 */
export async function topologyChoices(
  subject: Subject,
  where: TargetChoice['kind'] | undefined,
): Promise<Choice<TopologyName>[]> {
  const here = topologiesWithoutCluster(process);
  const uri = configUri(subject);
  const model = uri === undefined ? undefined : await modelOfFile(uri.fsPath);
  const offered = where === 'local' ? here : allTopologies;
  return offered.map((topology) => ({
    label: topology,
    description: model?.kind === 'triton' ? configured(topology, model) : topologyDescription(topology),
    ...(where === undefined && !here.includes(topology) ? { detail: onClusterOnly() } : {}),
    ...(where === 'local' && offered.length < allTopologies.length ? { detail: othersElsewhere() } : {}),
    value: topology,
  }));
}

function onClusterOnly(): string {
  return vscode.l10n.t('On a cluster only: it cannot run on this machine ({0}, {1}).', process.platform, process.arch);
}

function othersElsewhere(): string {
  return vscode.l10n.t('Triton and the hybrid need a cluster, or a machine with Linux on x86-64.');
}

function configured(topology: TopologyName, model: ParsedModel): string {
  switch (topology) {
    case 'fastapi':
      return topologyDescription(topology);
    case 'triton':
      return vscode.l10n.t('{0}, by config.pbtxt; NVIDIA Triton', batching(model));
    case 'hybrid':
      return vscode.l10n.t(
        '{0}, by config.pbtxt; FastAPI gateway that de-identifies, in front of Triton',
        batching(model),
      );
  }
}

/** Without batches there is nothing to batch, whatever the config says. */
function batching({ dynamicBatching, maxBatchSize }: ParsedModel): string {
  if (maxBatchSize === 0) return vscode.l10n.t('dynamic batching off, since there is no max_batch_size');
  return dynamicBatching === null ? vscode.l10n.t('dynamic batching off') : vscode.l10n.t('dynamic batching on');
}
