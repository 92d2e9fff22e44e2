import type { ModelConfig, RunRecord } from './record.ts';

/**
 * Whether a model config still says what it said when a run was made with it. A comment or a space changes the text and
 * nothing else; of a record that holds the hash of the text alone it cannot be told whether that is all.
 * @param now hashes of the config's text as it stands now
 * @returns "unknown" for a record that does not say
 */
export function configSince(
  record: Pick<RunRecord, 'modelConfig'>,
  now: Pick<ModelConfig, 'sha256' | 'settingsSha256'>,
): 'the same' | 'changed' | 'another text' | 'unknown' {
  const then = record.modelConfig;
  if (then === null) return 'unknown';
  if (then.sha256 === now.sha256) return 'the same';
  if (then.settingsSha256 === null || now.settingsSha256 === null) return 'another text';
  return then.settingsSha256 === now.settingsSha256 ? 'the same' : 'changed';
}
