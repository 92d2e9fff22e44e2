import { describe, expect, it } from 'vitest';
import type { Node } from '../../../src/kubernetes/apiObjects.ts';
import { machineOf, pinnedImage } from '../../../src/kubernetes/machine.ts';

const node: Node = {
  metadata: {
    name: 'node-1',
    uid: 'u',
    labels: {
      'node.kubernetes.io/instance-type': 'g4dn.xlarge',
      'feature.node.kubernetes.io/cpu-model.vendor_id': 'Intel',
      'feature.node.kubernetes.io/cpu-model.family': '6',
      'feature.node.kubernetes.io/cpu-model.id': '85',
      'kubernetes.io/hostname': 'secret-host',
    },
    annotations: { 'node.example/address': '192.0.2.7' },
  },
  status: {
    allocatable: { cpu: '3920m', memory: '15155840Ki' },
    nodeInfo: {
      architecture: 'amd64',
      operatingSystem: 'linux',
      osImage: 'Ubuntu 24.04.1 LTS',
      kernelVersion: '6.8.0-1021-aws',
      containerRuntimeVersion: 'containerd://2.1.4',
      kubeletVersion: 'v1.34.1',
    },
  },
};

describe('what a record says of a node', () => {
  it('is its hardware and its system, and nothing else of it', () => {
    expect(machineOf(node)).toEqual({
      node: 'node-1',
      architecture: 'amd64',
      system: 'Ubuntu 24.04.1 LTS',
      kernel: '6.8.0-1021-aws',
      cpuModel: 'Intel family 6 model 85',
      cores: 3.92,
      memoryMiB: 14_800,
      containerRuntime: 'containerd://2.1.4',
      kubelet: 'v1.34.1',
      instanceType: 'g4dn.xlarge',
    });
  });

  it('is unknown where the node does not say, and an amount that is none is unknown too', () => {
    const bare = machineOf({ metadata: { name: 'n', uid: 'u' }, status: { allocatable: { cpu: 'many' } } });
    expect(bare).toMatchObject({ node: 'n', architecture: 'unknown', system: 'unknown', kernel: null, cpuModel: null });
    expect(bare).toMatchObject({ cores: null, memoryMiB: null, instanceType: null });
  });
});

describe('an image by its digest', () => {
  const sha256 = `sha256:${'ab'.repeat(32)}`;
  it.each<[string | undefined, string | undefined, string | null]>([
    ['docker.io/library/python:3.12-slim', `docker.io/library/python@${sha256}`, `docker.io/library/python@${sha256}`],
    ['python:3.12', `docker-pullable://python@${sha256}`, `python@${sha256}`],
    [`a/b@${sha256}`, `a/b@${sha256}`, `a/b@${sha256}`],
    // Loaded into the node without a registry: the digest is that of its configuration.
    ['a/b:1', sha256, null],
    ['a/b:1', '', null],
    ['a/b:1', undefined, null],
    [undefined, `a/b@${sha256}`, null],
  ])('%s, of which the kubelet says %s', (image, imageID, wanted) => {
    expect(pinnedImage(image, imageID)).toBe(wanted);
  });
});
