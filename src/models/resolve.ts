import { basename, dirname, join, sep } from 'node:path';
import { BenchError, throwIfCancelled } from '../core/errors.ts';
import { settingsText, withoutPythonNumbers, type ParsedModel } from '../core/model.ts';
import { modelNameOf } from '../core/modelName.ts';
import type { ModelFile, ModelPlan, TritonSettings } from '../core/plan.ts';
import type { ModelConfig } from '../core/record.ts';
import { sha256 } from '../hashes/sha256.ts';
import { findConfigJson } from './configJson.ts';
import { isLfsPointer, lfsPointer } from './lfs.ts';
import {
  configFolders,
  findOnnx,
  findTokenizer,
  isNamedConfig,
  kindOf,
  openSource,
  type ModelSource,
} from './locate.ts';
import { podConfig } from './podConfig.ts';
import { readConfig, readText, type ReadConfig } from './readConfig.ts';
import { scanFile, type FileScan } from './scanFile.ts';
import { checkTokenizer } from './tokenizer.ts';

export interface ModelRequest {
  /** A folder, a config.pbtxt, a config.json or an .onnx file. */
  readonly path: string;
  /** tokenizer.json or its folder, where it is not beside the model. */
  readonly tokenizerPath?: string | undefined;
  /** Texts in one request; without it as config.pbtxt says, else 32. */
  readonly maxBatchSize?: number | undefined;
}

export interface ResolvedModel {
  readonly model: ModelPlan;
  /** The pods' file names to absolute paths on this machine. */
  readonly modelPaths: Readonly<Record<string, string>>;
  /** As they stand in config.pbtxt; null without one. */
  readonly triton: TritonSettings | null;
  /** The config that the settings are from: config.pbtxt where there is one, else the model's config.json; null without either. */
  readonly config: ModelConfig | null;
  /** Text of that config; no record holds it. */
  readonly configText: string | null;
  readonly warnings: readonly string[];
}

const defaultMaxBatchSize = 32;
const longestLength = 512;
const shortestBucket = 16;

/**
 * Finds the files of a model and reads what a plan says of it.
 * @throws BenchError model-not-found, model-incomplete (its message says where was looked), model-unsupported, cancelled
 */
export async function resolveModel(request: ModelRequest, signal: AbortSignal): Promise<ResolvedModel> {
  throwIfCancelled(signal, 'reading the model');
  const warnings: string[] = [];
  const source = await openSource(request.path);
  const tritonConfig =
    source.tritonConfigPath === undefined ? undefined : await readConfig(source.tritonConfigPath, warnings);
  const triton = tritonConfig?.parsed;
  // A config.json that was named itself must be a model's; others are only looked at.
  if (isNamedConfig(request.path)) await readConfig(request.path, []);
  const onnxPath = await findOnnx(source, onnxFileName(triton));
  const tokenizerPath = await findTokenizer(source, onnxPath, request.tokenizerPath);
  const { padTokenId } = await checkTokenizer(tokenizerPath, signal);
  const ownPath = await findConfigJson(request.path, source, onnxPath, triton?.labelCount ?? null);
  const own = await readOwnConfig(ownPath, warnings);
  const lookedIn = configFolders(request.path, source, onnxPath);
  const labels = await labelsOf(source, triton, own?.parsed, lookedIn, warnings);
  const configPath = await podConfig({ own: own?.value, ownPath: own?.path, labels, padTokenId });
  const onnx = await scanOnnx(onnxPath, signal);
  const modelPaths: Record<string, string> = { 'model.onnx': onnxPath, ...(await externalFiles(onnxPath, onnx)) };
  modelPaths['tokenizer.json'] = tokenizerPath;
  modelPaths['config.json'] = configPath;
  const files: ModelFile[] = [];
  for (const [name, path] of Object.entries(modelPaths)) {
    const scan = path === onnxPath ? onnx : await scanFile(path, [], signal);
    files.push({ name, sizeBytes: scan.sizeBytes, sha256: scan.sha256 });
  }
  const fixedLength = triton?.fixedLength ?? null;
  const maxLength = fixedLength ?? Math.min(own?.parsed.maxLength ?? longestLength, longestLength);
  return {
    model: {
      name: modelName(source, triton, onnxPath),
      task: 'text-classification',
      files,
      labels,
      maxBatchSize: maxBatchSizeOf(request, triton, warnings),
      maxLength,
      paddingBuckets: fixedLength === null ? bucketsUpTo(maxLength) : [maxLength],
      precision: precisionOf(onnxPath, onnx),
    },
    modelPaths,
    triton: triton === undefined ? null : tritonSettingsOf(triton, warnings),
    config: configOf(tritonConfig, own),
    configText: (tritonConfig ?? own)?.text ?? null,
    warnings,
  };
}

/**
 * Finds the tokenizer of a model as resolveModel does, without reading the model.
 * @throws BenchError as resolveModel, tokenizer-missing among them
 */
export async function findModelTokenizer(request: ModelRequest, signal: AbortSignal): Promise<void> {
  const source = await openSource(request.path);
  const { tritonConfigPath } = source;
  const triton = tritonConfigPath === undefined ? undefined : (await readConfig(tritonConfigPath, [])).parsed;
  const onnxPath = await findOnnx(source, onnxFileName(triton));
  await checkTokenizer(await findTokenizer(source, onnxPath, request.tokenizerPath), signal);
}

/** What another backend loads, a Python model's program for one, is no ONNX file; ONNX Runtime's may be called anything. */
function onnxFileName(triton: ParsedModel | undefined): string | null {
  const name = triton?.modelFileName ?? null;
  const isOnnx = triton?.backend === 'onnxruntime' || name?.toLowerCase().endsWith('.onnx') === true;
  return isOnnx ? name : null;
}

function configOf(triton: ReadConfig | undefined, own: ReadConfig | undefined): ModelConfig | null {
  const read = triton ?? own;
  if (read === undefined) return null;
  return {
    format: triton === undefined ? 'config.json' : 'config.pbtxt',
    sha256: sha256(read.text),
    settingsSha256: sha256(settingsText(read.config, read.text)),
  };
}

interface OwnConfig extends ReadConfig {
  readonly path: string;
  readonly value: Readonly<Record<string, unknown>>;
}

async function readOwnConfig(path: string | undefined, warnings: string[]): Promise<OwnConfig | undefined> {
  if (path === undefined) return undefined;
  const read = await readConfig(path, warnings);
  return { ...read, path, value: JSON.parse(withoutPythonNumbers(read.text)) as Record<string, unknown> };
}

async function labelsOf(
  source: ModelSource,
  triton: ParsedModel | undefined,
  own: ParsedModel | undefined,
  lookedIn: readonly string[],
  warnings: string[],
): Promise<string[]> {
  const named = own?.labels ?? null;
  if (named !== null) return [...named];
  const labelFile = triton?.labelFileName ?? null;
  if (labelFile !== null) {
    const path = join(source.directory, labelFile);
    if ((await kindOf(path)) === 'file') {
      const lines = (await readText(path)).split(/\r?\n/).map((line) => line.trim());
      const labels = lines.filter((line) => line !== '');
      if (labels.length >= 2) return labels;
    }
    warnings.push(`The label file ${path} is missing or has fewer than two labels.`);
  }
  const count = triton?.labelCount ?? own?.labelCount ?? 2;
  const labels = Array.from({ length: count }, (_, index) => `LABEL_${String(index)}`);
  if (own === undefined) {
    const called = `${labels.slice(0, 2).join(', ')}${count > 2 ? ' and so on' : ''}`;
    // Servers need one, so that it is among the files of the run all the same.
    warnings.push(
      `The model's own config.json with its labels was not found; looked in ${lookedIn.join(', ')}. The servers get one that calls its labels ${called}; put the model's own into one of these folders to have their names.`,
    );
  }
  return labels;
}

const quantizedOperators = ['MatMulInteger', 'DynamicQuantizeLinear', 'DequantizeLinear', 'QLinearMatMul'];

async function scanOnnx(path: string, signal: AbortSignal): Promise<FileScan> {
  const scan = await scanFile(path, quantizedOperators, signal);
  if (isLfsPointer(scan.head.toString('latin1'))) throw lfsPointer(path);
  // Every exporter writes the format's version first: field 1, a number.
  if (scan.head[0] !== 0x08) {
    throw new BenchError({
      reason: 'model-incomplete',
      message: scan.sizeBytes === 0 ? `${path} is empty.` : `${path} is not an ONNX file.`,
      nextStep: 'Export the model to ONNX again, or copy it again if the copy was cut off.',
    });
  }
  return scan;
}

/** The files beside an ONNX file that hold its weights, by name. */
async function externalFiles(onnxPath: string, onnx: FileScan): Promise<Record<string, string>> {
  const paths: Record<string, string> = {};
  for (const name of onnx.externalData) {
    const path = join(dirname(onnxPath), name);
    if (name.includes('/') || name.includes('\\') || (await kindOf(path)) !== 'file') {
      throw new BenchError({
        reason: 'model-incomplete',
        message: `${onnxPath} keeps its weights in "${name}", which is not beside it.`,
        nextStep: `Put ${name} into ${dirname(onnxPath)}.`,
      });
    }
    paths[name] = path;
  }
  return paths;
}

function modelName(source: ModelSource, triton: ParsedModel | undefined, onnxPath: string): string {
  const name = modelNameOf(triton?.name ?? null, source.directory.split(sep));
  return name === '' ? basename(onnxPath, '.onnx').replace(/[^A-Za-z0-9]+/g, '') || 'model' : name;
}

function maxBatchSizeOf(request: ModelRequest, triton: ParsedModel | undefined, warnings: string[]): number {
  const stated = request.maxBatchSize ?? triton?.maxBatchSize ?? defaultMaxBatchSize;
  const size = Math.min(1024, Math.max(1, stated));
  if (size !== stated) {
    warnings.push(`max_batch_size is ${String(stated)}; the run takes ${String(size)}.`);
  }
  return size;
}

function tritonSettingsOf(triton: ParsedModel, warnings: string[]): TritonSettings {
  const stated = triton.instances ?? 1;
  const instances = Math.min(64, stated);
  if (instances !== stated) warnings.push(`The config asks for ${String(stated)} instances; the run takes 64.`);
  const { dynamicBatching } = triton;
  return {
    // Without batches there is nothing to batch, whatever the config says.
    dynamicBatching:
      dynamicBatching === null || triton.maxBatchSize === 0
        ? null
        : { ...dynamicBatching, preferredBatchSizes: [...dynamicBatching.preferredBatchSizes] },
    instances,
  };
}

/** 16, 32, 64, ... and last the longest length itself. */
function bucketsUpTo(maxLength: number): number[] {
  const buckets: number[] = [];
  for (let length = shortestBucket; length < maxLength; length *= 2) buckets.push(length);
  return [...buckets, maxLength];
}

/** Told from the graph's operators and the file's name; ONNX has no field for it. */
function precisionOf(onnxPath: string, onnx: FileScan): string {
  const name = basename(onnxPath).toLowerCase();
  if (onnx.found.size > 0) return 'int8';
  if (/fp16|float16|half/.test(name)) return 'float16';
  if (/bf16|bfloat16/.test(name)) return 'bfloat16';
  return 'float32';
}
