import type { Ports } from '../../src/core/ports.ts';
import type { Machine } from '../../src/core/record.ts';

/** A machine as a record holds it, made up. */
export const sampleMachine: Machine = {
  node: null,
  architecture: 'x64',
  system: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0-37-amd64',
  cpuModel: 'Sample CPU at 2.00GHz',
  cores: 8,
  memoryMiB: 15_990,
  containerRuntime: null,
  kubelet: null,
  instanceType: null,
};

export const sampleNode: Machine = {
  ...sampleMachine,
  node: 'gpu-node-1',
  architecture: 'amd64',
  containerRuntime: 'containerd://2.1.4',
  kubelet: 'v1.34.1',
  instanceType: 'sample.large',
};

/** What `benchmark` is told of a plan's origin, for tests that are about something else. */
export const sampleOrigin: Pick<Ports, 'origin' | 'thisMachine'> = {
  origin: {
    modelConfig: { format: 'config.pbtxt', sha256: 'e'.repeat(64), settingsSha256: 'a'.repeat(64) },
    repeats: null,
    servingSha256: 'f'.repeat(64),
  },
  thisMachine: sampleMachine,
};
