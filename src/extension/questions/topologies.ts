import * as vscode from 'vscode';
import type { ParsedModel } from '../../core/model.ts';
import type { TopologyName } from '../../core/plan.ts';
import type { Subject } from '../choices.ts';
import { allTopologies, topologyDescriptions } from '../describe.ts';
import { modelOfFile } from '../modelDocument.ts';
import { configUri } from '../prepare.ts';
import type { Choice } from './pick.ts';

/** The topologies to choose from, each with what it is, and with what the model's config decides of it. */
export async function topologyChoices(subject: Subject): Promise<Choice<TopologyName>[]> {
  const uri = configUri(subject);
  const model = uri === undefined ? undefined : await modelOfFile(uri.fsPath);
  return allTopologies.map((topology) => ({
    label: topology,
    description: model?.kind === 'triton' ? configured(topology, model) : topologyDescriptions[topology],
    value: topology,
  }));
}

function configured(topology: TopologyName, model: ParsedModel): string {
  switch (topology) {
    case 'fastapi':
      return topologyDescriptions.fastapi;
    case 'triton':
      return vscode.l10n.t('NVIDIA Triton, dynamic batching as config.pbtxt says: {0}', batching(model));
    case 'hybrid':
      return vscode.l10n.t(
        'FastAPI gateway that de-identifies, in front of Triton, dynamic batching as config.pbtxt says: {0}',
        batching(model),
      );
  }
}

/** Without batches there is nothing to batch, whatever the config says. */
function batching({ dynamicBatching, maxBatchSize }: ParsedModel): string {
  if (maxBatchSize === 0) return vscode.l10n.t('off, since there is no max_batch_size');
  return dynamicBatching === null ? vscode.l10n.t('off') : vscode.l10n.t('on');
}
