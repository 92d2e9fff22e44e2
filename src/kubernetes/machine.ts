import type { Machine } from '../core/record.ts';
import { withoutTag } from '../core/images.ts';
import type { Node } from './apiObjects.ts';
import { parseQuantity } from './quantity.ts';

/**
 * What a node is made of, as its kubelet says. The CPU's model is known where Node Feature Discovery labels the nodes.
 * Source: https://kubernetes.io/docs/reference/labels-annotations-taints/ and
 * https://kubernetes-sigs.github.io/node-feature-discovery/stable/usage/features.html
 */
export function machineOf({ metadata, status }: Node): Machine {
  const info = status?.nodeInfo ?? {};
  const labels = metadata.labels ?? {};
  const { cpu, memory } = status?.allocatable ?? {};
  return {
    node: metadata.name,
    architecture: info.architecture ?? 'unknown',
    system: info.osImage ?? info.operatingSystem ?? 'unknown',
    kernel: info.kernelVersion ?? null,
    cpuModel: cpuModel(labels),
    cores: amount(cpu),
    memoryMiB: mebibytes(amount(memory)),
    containerRuntime: info.containerRuntimeVersion ?? null,
    kubelet: info.kubeletVersion ?? null,
    instanceType: labels['node.kubernetes.io/instance-type'] ?? null,
  };
}

/**
 * An image by its digest, as a pod may ask for it. A runtime that was given the image by other ways than from a registry
 * reports the digest of its configuration alone, by which nobody can pull it.
 * @param imageID as the kubelet reports it, e.g. "docker.io/library/python@sha256:..."
 */
export function pinnedImage(image: string | undefined, imageID: string | undefined): string | null {
  const digest = /@(sha256:[0-9a-f]{64})$/u.exec(imageID ?? '')?.[1];
  return image === undefined || digest === undefined ? null : `${withoutTag(image)}@${digest}`;
}

function amount(quantity: string | undefined): number | null {
  const value = quantity === undefined ? Number.NaN : parseQuantity(quantity);
  return Number.isNaN(value) ? null : value;
}

function mebibytes(bytes: number | null): number | null {
  return bytes === null ? null : Math.floor(bytes / 2 ** 20);
}

function cpuModel(labels: Readonly<Record<string, string>>): string | null {
  const label = (name: string): string | undefined => labels[`feature.node.kubernetes.io/cpu-model.${name}`];
  const [vendor, family, id] = [label('vendor_id'), label('family'), label('id')];
  return vendor === undefined || family === undefined || id === undefined
    ? null
    : `${vendor} family ${family} model ${id}`;
}
