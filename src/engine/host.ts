import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancelled } from '../core/errors.ts';
import type { Clock } from '../core/ports.ts';
import type { Machine } from '../core/record.ts';
import { makeRunId } from '../core/runId.ts';

/** This machine's clock and randomness, for an engine that has none of its own. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  async sleep(milliseconds, signal) {
    try {
      await sleep(milliseconds, undefined, { signal });
    } catch {
      throw cancelled('waiting');
    }
  },
};

/** What a record says of this machine: hardware and system, no name and no user. */
export function thisMachine(): Machine {
  const [cpu] = cpus();
  const cpuModel = cpu?.model.trim() ?? '';
  return {
    node: null,
    architecture: arch(),
    system: systemName(),
    kernel: release(),
    cpuModel: cpuModel === '' || cpuModel === 'unknown' ? null : cpuModel,
    cores: availableParallelism(),
    memoryMiB: Math.floor(totalmem() / 2 ** 20),
    containerRuntime: null,
    kubelet: null,
    instanceType: null,
  };
}

/** Source: https://www.freedesktop.org/software/systemd/man/latest/os-release.html */
function systemName(): string {
  try {
    const text = readFileSync('/etc/os-release', 'utf8');
    return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(text)?.[1] ?? platform();
  } catch {
    return platform();
  }
}

export function newRunId(): string {
  return makeRunId(Date.now(), randomInt(0x10000));
}
