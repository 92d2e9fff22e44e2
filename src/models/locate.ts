import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { BenchError } from '../core/errors.ts';

/** What a path that a person gave stands for. */
export interface ModelSource {
  /** Folder that is searched: of the config, or the one given. */
  readonly directory: string;
  /** Triton's config.pbtxt; undefined without one. */
  readonly tritonConfigPath: string | undefined;
  /** An ONNX file that was named itself. */
  readonly onnxPath: string | undefined;
}

/**
 * @param path a folder, a config.pbtxt, a config.json or an .onnx file
 * @throws BenchError model-not-found
 */
export async function openSource(path: string): Promise<ModelSource> {
  const absolute = resolve(path);
  const kind = await kindOf(absolute);
  if (kind === undefined) {
    throw new BenchError({
      reason: 'model-not-found',
      message: `There is no model at ${absolute}: no such file or folder.`,
      nextStep: 'Give a folder with an ONNX file and its tokenizer, or a model config in one.',
    });
  }
  if (kind === 'directory') {
    const config = join(absolute, 'config.pbtxt');
    const tritonConfigPath = (await kindOf(config)) === 'file' ? config : undefined;
    return { directory: absolute, tritonConfigPath, onnxPath: undefined };
  }
  const ending = extname(absolute).toLowerCase();
  if (ending !== '.pbtxt' && ending !== '.onnx' && basename(absolute) !== 'config.json') {
    throw new BenchError({
      reason: 'model-not-found',
      message: `${absolute} is neither a model config (config.pbtxt, config.json) nor an ONNX file.`,
      nextStep: 'Give a folder with an ONNX file and its tokenizer, or a model config in one.',
    });
  }
  return {
    directory: dirname(absolute),
    tritonConfigPath: ending === '.pbtxt' ? absolute : undefined,
    onnxPath: ending === '.onnx' ? absolute : undefined,
  };
}

/**
 * The model's ONNX file: as Triton finds it (highest version folder), as Hugging Face keeps it (onnx/model.onnx), or in
 * the folder itself.
 * @param fileName as a config names it; null for model.onnx
 * @throws BenchError model-incomplete, saying where it looked
 */
export async function findOnnx(source: ModelSource, fileName: string | null): Promise<string> {
  if (source.onnxPath !== undefined) return source.onnxPath;
  const { directory } = source;
  const wanted = fileName ?? 'model.onnx';
  const versions = await versionFolders(directory);
  const candidates = [
    ...versions.map((version) => join(directory, version, wanted)),
    join(directory, 'onnx', wanted),
    join(directory, wanted),
  ];
  for (const candidate of candidates) {
    if ((await kindOf(candidate)) === 'file') return candidate;
  }
  const folders = [...versions.map((version) => join(directory, version)), join(directory, 'onnx'), directory];
  const others = (await Promise.all(folders.map(onnxFilesIn))).flat();
  const [only] = others;
  if (only !== undefined && others.length === 1) return only;
  throw new BenchError({
    reason: 'model-incomplete',
    message:
      others.length > 1
        ? `There are several ONNX files and none is named ${wanted}: ${others.join(', ')}.`
        : `There is no ONNX file for the model in ${directory}. Looked for ${candidates.join(', ')}.`,
    nextStep:
      others.length > 1
        ? 'Give the path of the one to use instead of the folder.'
        : 'Export the model to ONNX, for instance with "optimum-cli export onnx", and put it there.',
  });
}

/**
 * tokenizer.json: as asked for, else beside the ONNX file, beside the config, or in a folder above one of them.
 * @throws BenchError tokenizer-missing, saying where it looked
 */
export async function findTokenizer(source: ModelSource, onnxPath: string, asked: string | undefined): Promise<string> {
  if (asked !== undefined) {
    const absolute = resolve(asked);
    const kind = await kindOf(absolute);
    const path = kind === 'directory' ? join(absolute, 'tokenizer.json') : absolute;
    if (kind === undefined || (kind === 'directory' && (await kindOf(path)) !== 'file')) {
      throw new BenchError({
        reason: 'tokenizer-missing',
        message: `The tokenizer ${path} does not exist.`,
        nextStep: 'Give the path of the model\'s "tokenizer.json".',
      });
    }
    return path;
  }
  const folders = foldersAround(source, onnxPath);
  for (const folder of folders) {
    const candidate = join(folder, 'tokenizer.json');
    if ((await kindOf(candidate)) === 'file') return candidate;
  }
  throw new BenchError({
    reason: 'tokenizer-missing',
    message: `The model has no tokenizer.json. Looked in ${folders.join(', ')}.`,
    nextStep:
      'Give its path, or write one with transformers: AutoTokenizer.from_pretrained(...).save_pretrained(folder).',
  });
}

/** Where the model's other files may lie, nearest first. */
export function foldersAround(source: ModelSource, onnxPath: string): string[] {
  const onnxFolder = dirname(onnxPath);
  return [...new Set([onnxFolder, source.directory, dirname(onnxFolder), dirname(source.directory)])];
}

/** Where the model's own config.json may lie: first the one that was named itself, then nearest first. */
export function configFolders(path: string, source: ModelSource, onnxPath: string): string[] {
  const named = isNamedConfig(path) ? [source.directory] : [];
  return [...named, ...foldersAround(source, onnxPath)];
}

export function isNamedConfig(path: string): boolean {
  return basename(path) === 'config.json';
}

export async function kindOf(path: string): Promise<'file' | 'directory' | undefined> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? 'directory' : found.isFile() ? 'file' : undefined;
  } catch {
    return undefined;
  }
}

/** Version folders by number, the highest first, as Triton's default policy takes them. */
async function versionFolders(directory: string): Promise<string[]> {
  const names = await namesIn(directory);
  return names.filter((name) => /^[1-9][0-9]{0,17}$/.test(name)).sort((a, b) => (BigInt(a) < BigInt(b) ? 1 : -1));
}

async function onnxFilesIn(directory: string): Promise<string[]> {
  const names = await namesIn(directory);
  return names
    .filter((name) => name.toLowerCase().endsWith('.onnx'))
    .sort()
    .map((name) => join(directory, name));
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch {
    return [];
  }
}
