/** What the question for topologies says of each. */
import { expect, test, vi } from 'vitest';
import { onMachine } from '../../support/onMachine.ts';
import { files } from './fakeEditor.ts';

vi.mock('vscode', async () => (await import('./fakeEditor.ts')).fakeEditor);
const { topologyChoices } = await import('../../../src/extension/questions/topologies.ts');

async function described(config: string): Promise<string[]> {
  files.set('/project/m/config.pbtxt', config);
  const choices = await topologyChoices({ kind: 'config', uri: 'file:///project/m/config.pbtxt' }, undefined);
  return choices.map(({ description }) => description ?? '');
}

test('the batching is what the config of Triton says', async () => {
  const config = 'name: "m"\nplatform: "onnxruntime_onnx"\nmax_batch_size: 8\n';
  expect(await described(config)).toEqual([
    'FastAPI and ONNX Runtime in one pod',
    'dynamic batching off, by config.pbtxt; NVIDIA Triton',
    'dynamic batching off, by config.pbtxt; FastAPI gateway that de-identifies, in front of Triton',
  ]);
  expect((await described(`${config}dynamic_batching { }\n`))[1]).toMatch(/^dynamic batching on, by config\.pbtxt;/u);
  const unbatched = config.replace('max_batch_size: 8', 'max_batch_size: 0');
  expect((await described(`${unbatched}dynamic_batching { }\n`))[1]).toMatch(
    /^dynamic batching off, since there is no max_batch_size, by config\.pbtxt;/u,
  );
});

test('without such a config the batching is dynamic', async () => {
  const choices = await topologyChoices({ kind: 'built-in' }, undefined);
  expect(choices[1]?.description).toBe('NVIDIA Triton with dynamic batching');
});

test('what this machine cannot run is said where a cluster may be chosen, and left out where this machine is', async () => {
  const offered = async (where?: 'local' | 'kubernetes') =>
    (await topologyChoices({ kind: 'built-in' }, where)).map(({ value, detail }) => [value, detail]);
  onMachine('darwin', 'arm64');
  const here = 'On a cluster only: it cannot run on this machine (darwin, arm64).';
  expect(await offered()).toEqual([
    ['fastapi', undefined],
    ['triton', here],
    ['hybrid', here],
  ]);
  expect(await offered('local')).toEqual([
    ['fastapi', 'Triton and the hybrid need a cluster, or a machine with Linux on x86-64.'],
  ]);
  const all = [
    ['fastapi', undefined],
    ['triton', undefined],
    ['hybrid', undefined],
  ];
  expect(await offered('kubernetes')).toEqual(all);
  onMachine('linux', 'x64');
  expect(await offered()).toEqual(all);
  expect(await offered('local')).toEqual(all);
});
