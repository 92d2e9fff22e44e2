import type { RunRecord } from './record.ts';

/**
 * Whether a model config is still the text that a run was made with.
 * @param sha256 of the config's text as it stands now, as UTF-8
 * @returns "unknown" for a record that does not say
 */
export function configSince(
  record: Pick<RunRecord, 'modelConfig'>,
  sha256: string,
): 'the same' | 'changed' | 'unknown' {
  if (record.modelConfig === null) return 'unknown';
  return record.modelConfig.sha256 === sha256 ? 'the same' : 'changed';
}
