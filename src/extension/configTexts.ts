import { join } from 'node:path';
import type * as vscode from 'vscode';
import { explain } from '../core/errors.ts';
import type { RunRecord } from '../core/record.ts';
import { loadEngine, loadRecords } from './engine.ts';

/**
 * The model configs' texts that this workspace's runs were started with, by their hashes: no record holds them. Those of the
 * command line's runs are found, too.
 */
export class ConfigTexts {
  readonly #directory: string;
  readonly #log: vscode.LogOutputChannel;

  /** @param storage of the workspace; of a window without one, the extension's own */
  constructor(storage: vscode.Uri, log: vscode.LogOutputChannel) {
    this.#directory = join(storage.fsPath, 'model-configs');
    this.#log = log;
  }

  /** Never rejects: a run needs no text to be measured. */
  async keep(text: string): Promise<void> {
    try {
      const { keepConfigText } = await loadEngine();
      await keepConfigText(this.#directory, text);
    } catch (error) {
      this.#log.warn(explain(error));
    }
  }

  /** undefined where it is not kept any more, or the record does not know which it was. */
  async of({ modelConfig }: Pick<RunRecord, 'modelConfig'>): Promise<string | undefined> {
    if (modelConfig === null) return undefined;
    const { readConfigText, cachedConfigTexts } = await loadRecords();
    return readConfigText([this.#directory, cachedConfigTexts()], modelConfig.sha256);
  }
}
