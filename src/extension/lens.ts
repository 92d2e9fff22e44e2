import { dirname, sep } from 'node:path';
import * as vscode from 'vscode';
import { isEndpointPlan } from '../core/anyPlan.ts';
import { configSince } from '../core/modelConfig.ts';
import { modelNameOf } from '../core/modelName.ts';
import type { RunRecord } from '../core/record.ts';
import type { Subject } from './choices.ts';
import { readDocument } from './modelDocument.ts';
import { command, RunLenses } from './runLenses.ts';
import type { LiveRun } from './runs.ts';

/** The files that may be model configs; which of them are is decided by their text. */
export const modelConfigSelector: vscode.DocumentSelector = [
  { scheme: 'file', pattern: '**/config.pbtxt' },
  { scheme: 'file', pattern: '**/config.json' },
];

/**
 * Above a model config, which is stale once the config, saved or not, says something else. A config of something that is no
 * text classifier gets nothing.
 */
export class ModelLenses extends RunLenses {
  protected async rangeIn(document: vscode.TextDocument): Promise<vscode.Range | undefined> {
    const { model } = readDocument(document);
    if (model?.task !== 'text-classification') return undefined;
    const { line } = document.positionAt(model.lensOffset);
    return new vscode.Range(line, 0, line, 0);
  }

  protected startOf(uri: vscode.Uri): vscode.Command {
    const subject: Subject = { kind: 'config', uri: uri.toString() };
    return command('topologyBench.benchmark', `$(beaker) ${vscode.l10n.t('Benchmark Topology')}`, subject);
  }

  protected fileOf({ choices: { subject } }: LiveRun): string | undefined {
    return subject.kind === 'config' ? subject.uri : undefined;
  }

  protected async changesSince(record: RunRecord, document: vscode.TextDocument): Promise<readonly string[]> {
    const now = readDocument(document).hashes();
    const isChanged = now !== undefined && configSince(record, now) === 'changed';
    return isChanged ? [vscode.l10n.t('The config has changed since.')] : [];
  }

  /** By name and by what its config says: a copy of a config may be another model's. */
  protected async firstOf(
    records: readonly RunRecord[],
    document: vscode.TextDocument,
  ): Promise<RunRecord | undefined> {
    const read = readDocument(document);
    const { model } = read;
    const now = read.hashes();
    if (model === undefined || now === undefined) return undefined;
    const folders = dirname(document.uri.fsPath).split(sep);
    const name = modelNameOf(model.kind === 'triton' ? model.name : null, folders);
    return records.find(
      (record) =>
        !isEndpointPlan(record.plan) && record.plan.model.name === name && configSince(record, now) === 'the same',
    );
  }
}
