import { findConfigJson } from './configJson.ts';
import { findOnnx, openSource } from './locate.ts';

/**
 * The config that a run takes its settings from (see resolve.ts): config.pbtxt where there is one, else the model's
 * config.json; undefined without either, and of a model that is not there.
 * @param path a folder, a config.pbtxt, a config.json or an .onnx file
 */
export async function modelConfigPath(path: string): Promise<string | undefined> {
  try {
    const source = await openSource(path);
    if (source.tritonConfigPath !== undefined) return source.tritonConfigPath;
    return await findConfigJson(path, source, await findOnnx(source, null), null);
  } catch {
    // What is missing ends a run, and is said then.
    return undefined;
  }
}
