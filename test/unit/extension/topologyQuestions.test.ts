/** What the question for topologies says of each. */
import { expect, test, vi } from 'vitest';
import { files } from './fakeEditor.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
const { topologyChoices } = await import('../../../src/extension/questions/topologies.ts');

async function described(config: string): Promise<string[]> {
  files.set('/project/m/config.pbtxt', config);
  const choices = await topologyChoices({ kind: 'config', uri: 'file:///project/m/config.pbtxt' });
  return choices.map(({ description }) => description ?? '');
}

test('the batching is what the config of Triton says', async () => {
  const config = 'name: "m"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 8\n';
  expect(await described(config)).toEqual([
    'FastAPI and ONNX Runtime in one pod',
    'NVIDIA Triton, dynamic batching as config.pbtxt says: off',
    'FastAPI gateway that de-identifies, in front of Triton, dynamic batching as config.pbtxt says: off',
  ]);
  expect((await described(`${config}dynamic_batching { }\n`))[1]).toMatch(/as config\.pbtxt says: on$/u);
  const unbatched = config.replace('max_batch_size: 8', 'max_batch_size: 0');
  expect((await described(`${unbatched}dynamic_batching { }\n`))[1]).toMatch(
    /: off, since there is no max_batch_size$/u,
  );
});

test('without such a config the batching is dynamic', async () => {
  const choices = await topologyChoices({ kind: 'built-in' });
  expect(choices[1]?.description).toBe('NVIDIA Triton with dynamic batching');
});
