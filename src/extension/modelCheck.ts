import type { Check } from './diagnostics.ts';
import { modelConfigSelector } from './lens.ts';
import { readDocument } from './modelDocument.ts';
import type { ModelHints } from './modelHints.ts';

/** What is wrong in a model config, and what costs performance. */
export function modelCheck(hints: Pick<ModelHints, 'of' | 'onDidChange'>): Check {
  return {
    selector: modelConfigSelector,
    problems: (document) => [...readDocument(document).problems, ...hints.of(document)],
    onDidChange: hints.onDidChange,
  };
}
