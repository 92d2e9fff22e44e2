import * as vscode from 'vscode';
import { isEndpointPlan } from '../core/anyPlan.ts';
import { sameJson } from '../core/canonicalJson.ts';
import { configSince } from '../core/modelConfig.ts';
import type { PlanFile } from '../core/planFile.ts';
import type { RunRecord } from '../core/record.ts';
import { ConfigWatches } from './configWatches.ts';
import { loadPlanFiles } from './engine.ts';
import type { Memory } from './memory.ts';
import { hashesOfFile } from './modelDocument.ts';
import { namedFiles } from './planFiles.ts';
import type { Results } from './results.ts';
import { command, RunLenses } from './runLenses.ts';
import type { LiveRun, Runs } from './runs.ts';
import { throttle } from './throttle.ts';

/** Shortest time between two looks at a model config that is being typed in. */
const lookMs = 500;

/**
 * Above a plan file, of which a benchmark runs what it says. It is stale once the file, or the config of its model, says
 * something else. A plan for an endpoint, which deploys nothing, gets nothing.
 */
export class PlanLenses extends RunLenses {
  readonly #memory: Pick<Memory, 'choicesOf'>;
  readonly #look = throttle(lookMs, () => {
    this.redraw();
  });
  /** Of the configs that were looked at last. */
  readonly #configs = new ConfigWatches(() => {
    this.#look.request();
  });
  readonly #documents: vscode.Disposable;

  constructor(memory: Pick<Memory, 'lastRunOf' | 'choicesOf'>, results: Results, runs: Runs) {
    super(memory, results, runs);
    this.#memory = memory;
    const lookAgain = ({ uri }: vscode.TextDocument): void => {
      if (this.#configs.isWatched(uri.fsPath)) this.#look.request();
    };
    this.#documents = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        lookAgain(document);
      }),
      // What was typed and not saved is gone then.
      vscode.workspace.onDidCloseTextDocument((document) => {
        lookAgain(document);
        this.#configs.leave(document.uri.toString());
      }),
    );
  }

  override dispose(): void {
    this.#look.dispose();
    this.#documents.dispose();
    this.#configs.dispose();
    super.dispose();
  }

  protected async rangeIn(document: vscode.TextDocument): Promise<vscode.Range | undefined> {
    const file = await planIn(document);
    return file?.target === 'endpoint' ? undefined : new vscode.Range(0, 0, 0, 0);
  }

  protected startOf(uri: vscode.Uri): vscode.Command {
    const title = `$(beaker) ${vscode.l10n.t('Benchmark Topology')}`;
    return {
      ...command('topologyBench.benchmark', title, uri),
      tooltip: vscode.l10n.t('Run what this plan file says'),
    };
  }

  protected fileOf({ choices: { plan } }: LiveRun): string | undefined {
    return plan?.uri;
  }

  /** By what they say: comments and the order of fields do not count. A file that cannot be read now says nothing. */
  protected async changesSince(record: RunRecord, document: vscode.TextDocument): Promise<readonly string[]> {
    const file = await planIn(document);
    if (file === undefined) return [];
    const isOther = !(await this.#isSame(file, record));
    const hasOtherConfig = await this.#hasOtherConfig(file, record, document);
    return [
      ...(isOther ? [vscode.l10n.t('The plan file would run something else now.')] : []),
      ...(hasOtherConfig ? [vscode.l10n.t("The config of the plan's model has changed since.")] : []),
    ];
  }

  /** By the plan and by the config of its model; of a plan that names no model nothing is known. */
  protected async firstOf(
    records: readonly RunRecord[],
    document: vscode.TextDocument,
  ): Promise<RunRecord | undefined> {
    const file = await planIn(document);
    const model = file === undefined ? undefined : namedFiles({ uri: document.uri.toString(), file }).model;
    if (file === undefined || model === undefined) return undefined;
    const { modelConfigPath, stillGives } = await loadPlanFiles();
    const config = await modelConfigPath(model);
    const now = config === undefined ? undefined : await hashesOfFile(config);
    if (now === undefined) return undefined;
    return records.find(
      (record) =>
        !isEndpointPlan(record.plan) && configSince(record, now) === 'the same' && stillGives(file, record.plan),
    );
  }

  /** As remembered of the last runs; of one before them by its record, which holds neither the context nor any path. */
  async #isSame(file: PlanFile, { id, plan }: RunRecord): Promise<boolean> {
    const before = this.#memory.choicesOf(id)?.plan?.file;
    if (before !== undefined) return sameJson(before, file);
    const { stillGives } = await loadPlanFiles();
    return stillGives(file, plan);
  }

  async #hasOtherConfig(file: PlanFile, record: RunRecord, document: vscode.TextDocument): Promise<boolean> {
    const uri = document.uri.toString();
    const model = namedFiles({ uri, file }).model ?? this.#modelChosenFor(record.id);
    if (model === undefined) return false;
    const { modelConfigPath } = await loadPlanFiles();
    const config = await modelConfigPath(model);
    // One that is away may be back in a moment, as while another commit is checked out; it is watched on.
    if (config === undefined) return false;
    if (!document.isClosed) this.#configs.follow(uri, config);
    const now = await hashesOfFile(config);
    return now !== undefined && configSince(record, now) === 'changed';
  }

  /** Of a plan that names none. */
  #modelChosenFor(runId: string): string | undefined {
    const subject = this.#memory.choicesOf(runId)?.subject;
    return subject?.kind === 'config' ? vscode.Uri.parse(subject.uri, true).fsPath : undefined;
  }
}

async function planIn(document: vscode.TextDocument): Promise<PlanFile | undefined> {
  const { parsePlanFile } = await loadPlanFiles();
  return parsePlanFile(document.getText()).planFile;
}
