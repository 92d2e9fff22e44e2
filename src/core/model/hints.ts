import type { ParsedConfig } from '../model.ts';
import { batchingHints } from './batchingHints.ts';
import { gpuHints } from './gpuHints.ts';
import type { Hint, HintFacts, Reading } from './hint.ts';
import { backendInUse } from './triton.ts';

/** In UTF-16 code units; what is longer is no config that people wrote, and its fixes would take long to make. */
const longestText = 64 * 1024;

/** More marks would help nobody. */
const mostHints = 50;

/**
 * What costs performance in the config.pbtxt of a text classifier, in the order of the text. A text with errors has no
 * hints, because what seems to be missing may stand behind one.
 * @param facts of the place where it would run; without them nothing is said of that
 */
export function hintsOf(parsed: ParsedConfig, text: string, facts?: HintFacts): readonly Hint[] {
  const { model, fields, problems } = parsed;
  if (model?.task !== 'text-classification' || fields === undefined || text.length > longestText) return [];
  if (problems.some(({ severity }) => severity === 'error')) return [];
  const reading: Reading = { text, fields, model, backend: backendInUse(model) };
  const hints = [...batchingHints(reading), ...(facts === undefined ? [] : gpuHints(reading, facts))];
  return hints.sort((a, b) => a.start - b.start).slice(0, mostHints);
}
