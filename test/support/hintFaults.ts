import { hintsOf, parseModel, type Hint, type HintFacts, type ParsedConfig } from '../../src/core/model.ts';
import { applyEdits } from '../../src/core/model/textEdits.ts';

/** A cluster on which little fits, so that as many hints as can be are given. */
export const smallCluster: HintFacts = {
  cluster: 'kind-x',
  gpusOfNode: 1,
  gpuMemoryMiB: 1024,
  modelBytes: 900_000_000,
};
export const noGpus: HintFacts = { cluster: 'kind-x', gpusOfNode: 0, gpuMemoryMiB: null, modelBytes: null };

/** What is wrong with the hints of a text, with facts and without; nothing may be. */
export function hintFaults(parsed: ParsedConfig, text: string): string[] {
  return [undefined, smallCluster, noGpus].flatMap((facts) => {
    const hints = hintsOf(parsed, text, facts);
    if (hints.length > 0 && parsed.model?.task !== 'text-classification') return ['hints of what has no lens'];
    return hints.flatMap((hint) => faultsOf(hint, hints, text, facts));
  });
}

function faultsOf(hint: Hint, hints: readonly Hint[], text: string, facts: HintFacts | undefined): string[] {
  const { code, start, end, fixes } = hint;
  const faults = start >= 0 && start < end && end <= text.length ? [] : [`${code} beyond the text`];
  for (const { title, edits } of fixes) {
    const fixed = applyEdits(text, edits);
    const after = parseModel('config.pbtxt', fixed);
    const left = hintsOf(after, fixed, facts).filter((other) => other.code === code).length;
    if (after.problems.length > parseModel('config.pbtxt', text).problems.length) faults.push(`${title}: new problems`);
    if (after.model?.task !== 'text-classification') faults.push(`${title}: no text classifier any more`);
    if (left >= hints.filter((other) => other.code === code).length) faults.push(`${title}: ${code} is still there`);
    if (comments(fixed) !== comments(text)) faults.push(`${title}: a comment was lost`);
  }
  return faults;
}

/** All that stands behind a "#", which in no config of these tests is part of a string. */
function comments(text: string): string {
  return (text.match(/#[^\r\n]*/g) ?? []).join('\n');
}
