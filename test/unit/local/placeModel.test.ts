import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { placeModel } from '../../../src/local/servers.ts';
import { resolveModel } from '../../../src/models/resolve.ts';
import { root } from '../cli/bundle.ts';

test('a model that was trained further since the plan was made is not served in its place', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'topology-bench-place-'));
  try {
    const source = join(root, 'media/models/tiny-sentiment');
    const model = join(folder, 'model');
    await mkdir(model);
    for (const name of ['model.onnx', 'tokenizer.json', 'config.json']) {
      await writeFile(join(model, name), await readFile(join(source, name)));
    }
    const { plan, modelPaths } = await resolveModel({ path: model }, new AbortController().signal).then((resolved) => ({
      plan: resolved.model,
      modelPaths: resolved.modelPaths,
    }));
    await placeModel(plan, modelPaths, join(folder, 'as it was'));
    const weights = await readFile(join(model, 'model.onnx'));
    weights[weights.length - 1] = (weights.at(-1) ?? 0) ^ 1;
    await writeFile(join(model, 'model.onnx'), weights);
    await expect(placeModel(plan, modelPaths, join(folder, 'now'))).rejects.toMatchObject({
      reason: 'model-not-found',
      message: expect.stringContaining('model.onnx is gone or has changed since the plan was made') as string,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
