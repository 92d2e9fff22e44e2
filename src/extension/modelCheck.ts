import * as vscode from 'vscode';
import { setContextKey } from './contextKeySetting.ts';
import { contextKeys } from './contributions.ts';
import type { Check } from './diagnostics.ts';
import { modelConfigSelector } from './lens.ts';
import { readDocument } from './modelDocument.ts';
import type { ModelHints } from './modelHints.ts';

/** What is wrong in a model config, and what costs performance. Notes on the way which configs are models'. */
export function modelCheck(hints: Pick<ModelHints, 'of' | 'onDidChange'>): Check {
  const note = modelConfigNotes();
  return {
    selector: modelConfigSelector,
    problems: (document) => {
      const { model, problems } = readDocument(document);
      note(document.uri, model?.task === 'text-classification');
      return [...problems, ...hints.of(document)];
    },
    onDidChange: hints.onDidChange,
  };
}

/**
 * The explorer's menu offers a benchmark on those config.json that are known to be a text classifier's. Not the lenses know them:
 * who has none needs the menu most.
 */
function modelConfigNotes(): (uri: vscode.Uri, isClassifier: boolean) => void {
  const known = new Set<string>();
  return ({ fsPath }, isClassifier) => {
    if (isClassifier === known.has(fsPath)) return;
    if (isClassifier) known.add(fsPath);
    else known.delete(fsPath);
    void setContextKey(contextKeys.modelConfigs, known.size === 0 ? undefined : [...known].flatMap(asMenusHaveIt));
  };
}

/** A window on Windows writes the paths of a remote Linux with the separators of its own system. */
function asMenusHaveIt(path: string): string[] {
  return vscode.env.remoteName === undefined ? [path] : [path, path.replaceAll('/', '\\')];
}
