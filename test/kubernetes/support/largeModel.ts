import { cp, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveModel, type ResolvedModel } from '../../../src/models/resolve.ts';
import { assets } from './plans.ts';

/** A model in a folder of its own, which is removed when it is disposed. */
export interface TemporaryModel extends AsyncDisposable {
  readonly resolved: ResolvedModel;
}

/**
 * The tiny model with weights that nothing uses, which ONNX Runtime has to read into memory all the same: a valid ONNX file
 * for which a pod can have too little.
 */
export async function makeLargeModel(ballastBytes: number): Promise<TemporaryModel> {
  const folder = await mkdtemp(join(tmpdir(), 'topology-bench-large-model-'));
  await cp(assets.tinyModelDirectory, folder, { recursive: true });
  await addBallast(join(folder, 'model.onnx'), ballastBytes);
  return {
    resolved: await resolveModel({ path: folder }, new AbortController().signal),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true }),
  };
}

/**
 * A message of protobuf that follows another one is merged into it, so the file goes on with a ModelProto that has nothing
 * but one more initializer. Its zeros are a hole in the file.
 * Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
async function addBallast(path: string, bytes: number): Promise<void> {
  const length = bytes - (bytes % 4);
  const tensor = Buffer.concat([
    field(1, 0, varint(length / 4)), // dims
    field(2, 0, varint(1)), // data_type: FLOAT
    field(8, 2, text('ballast')), // name
    field(9, 2, varint(length)), // raw_data, which follows
  ]);
  const graph = field(5, 2, Buffer.concat([varint(tensor.length + length), tensor])); // initializer
  const model = field(7, 2, Buffer.concat([varint(graph.length + length), graph])); // graph
  const { size } = await stat(path);
  const file = await open(path, 'r+');
  try {
    await file.write(model, 0, model.length, size);
    await file.truncate(size + model.length + length);
  } finally {
    await file.close();
  }
}

function field(number: number, wireType: 0 | 2, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + wireType), content]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
