import type { Choices } from '../../src/core/planning.ts';
import { topologyNames } from '../../src/core/plan.ts';

/** A small valid set of choices, for tests that change one thing. */
export const choices: Choices = {
  model: {
    name: 'tiny-sentiment',
    task: 'text-classification',
    files: [
      { name: 'model.onnx', sizeBytes: 4_618_323, sha256: 'a'.repeat(64) },
      { name: 'tokenizer.json', sizeBytes: 466_247, sha256: 'b'.repeat(64) },
    ],
    labels: ['NEGATIVE', 'POSITIVE'],
    maxBatchSize: 32,
    maxLength: 128,
    paddingBuckets: [16, 32, 64, 128],
    precision: 'int8',
  },
  triton: null,
  topologies: topologyNames,
  target: { kind: 'kubernetes', namespace: 'team-a', createNamespace: false },
  profile: 'quick',
  payload: {
    name: 'test texts',
    sha256: 'c'.repeat(64),
    texts: Array.from({ length: 20 }, (_, index) => ({
      text: `Note ${String(index)}.`,
      identifiers: index % 4 === 3,
      ...(index < 8 && index % 4 === 3 ? { deidentified: `Note (number) ${String(index)}.` } : {}),
    })),
  },
};
