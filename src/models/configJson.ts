import { basename, dirname, join } from 'node:path';
import { parseModel, type ParsedModel } from '../core/model.ts';
import { isLfsPointer, lfsPointer } from './lfs.ts';
import { configFolders, kindOf, type ModelSource } from './locate.ts';
import { readText } from './readConfig.ts';

/**
 * Path of the config.json of a model: the one that was named itself, else the nearest that is a model's and counts as this one's.
 * @param labelCount how many labels the config.pbtxt says there are; null without one, or where it does not say
 * @throws BenchError model-incomplete
 */
export async function findConfigJson(
  named: string,
  source: ModelSource,
  onnxPath: string,
  labelCount: number | null,
): Promise<string | undefined> {
  const own = ownFolders(source, onnxPath);
  for (const folder of configFolders(named, source, onnxPath)) {
    const path = join(folder, 'config.json');
    if ((await kindOf(path)) !== 'file') continue;
    const text = await readText(path);
    if (isLfsPointer(text)) throw lfsPointer(path);
    const { model } = parseModel(path, text);
    if (model === undefined) continue;
    const isOther = model.task === 'other';
    if (own.includes(folder) ? !isOther || mayBeOf(source, text) : !isOther && fits(model, labelCount)) return path;
  }
  return undefined;
}

/** Of another number of labels it is a neighbour's. */
function fits(model: ParsedModel, labelCount: number | null): boolean {
  return labelCount === null || model.labelCount === null || model.labelCount === labelCount;
}

/** A folder above them may be another model's. */
function ownFolders(source: ModelSource, onnxPath: string): string[] {
  const onnxFolder = dirname(onnxPath);
  const isPart = /^(?:onnx|[0-9]+)$/.test(basename(onnxFolder));
  return [onnxFolder, source.directory, ...(isPart ? [dirname(onnxFolder)] : [])];
}

/**
 * Whether a config.json of a model of another kind is this model's, and so a reason not to run it: beside the config.pbtxt of a text
 * classifier an encoder's is what its weights began as.
 */
function mayBeOf({ tritonConfigPath }: ModelSource, text: string): boolean {
  return tritonConfigPath === undefined || text.includes('ForSequenceClassification"');
}
