import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { longestLoopMs } from '../core/lateness.ts';
import type { PhaseMeasurement } from '../core/load.ts';

export type GeneratorHealth = Pick<
  PhaseMeasurement['generator'],
  'eventLoopDelayP99Ms' | 'stalledMs' | 'cpuSeconds' | 'throttledMs'
>;

const samplingMs = 10;

/** Watches this process from now until the function that it returns is called. */
export function watchGenerator(): () => GeneratorHealth {
  const delay = monitorEventLoopDelay({ resolution: samplingMs });
  delay.enable();
  const cpuBefore = process.cpuUsage();
  const throttledBefore = throttledMs();
  return () => {
    delay.disable();
    const cpu = process.cpuUsage(cpuBefore);
    const throttled = throttledMs();
    return {
      // Node's figure is the time between two samples, so it holds the sampling interval too.
      eventLoopDelayP99Ms: delay.count === 0 ? 0 : Math.max(0, delay.percentile(99) / 1e6 - samplingMs),
      stalledMs: stalledMs(delay),
      cpuSeconds: (cpu.user + cpu.system) / 1e6,
      throttledMs: throttled === null || throttledBefore === null ? null : Math.max(0, throttled - throttledBefore),
    };
  };
}

/**
 * Read from the samples when the phase is over, the longest first, so that a loop which never stood still costs one look.
 * @param delay times between two samples, in nanoseconds
 */
export function stalledMs(delay: Pick<IntervalHistogram, 'count' | 'percentile'>): number {
  let sum = 0;
  for (let rank = delay.count; rank > 0; rank -= 1) {
    const beyondMs = delay.percentile((100 * rank) / delay.count) / 1e6 - longestLoopMs;
    if (beyondMs <= 0) break;
    sum += beyondMs;
  }
  return sum;
}

/** For how long the scheduler has held back this process's cgroup, ever; null where that cannot be read. */
export function throttledMs(root = '/'): number | null {
  for (const file of cpuStatFiles(root)) {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const version2 = /^throttled_usec (\d+)$/m.exec(text);
    if (version2?.[1] !== undefined) return Number(version2[1]) / 1e3;
    const version1 = /^throttled_time (\d+)$/m.exec(text);
    if (version1?.[1] !== undefined) return Number(version1[1]) / 1e6;
  }
  return null;
}

/** Where cpu.stat may be, best first: in a container the mount's root is mostly the container's own cgroup. */
function cpuStatFiles(root: string): string[] {
  const mount = join(root, 'sys', 'fs', 'cgroup');
  const files: string[] = [];
  for (const line of readLines(join(root, 'proc', 'self', 'cgroup'))) {
    const [, controllers = '', path = ''] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === '') files.push(join(mount, path, 'cpu.stat'));
    else if (controllers.split(',').includes('cpu'))
      files.push(join(mount, controllers, path, 'cpu.stat'), join(mount, 'cpu', path, 'cpu.stat'));
  }
  return [...files, join(mount, 'cpu.stat'), join(mount, 'cpu', 'cpu.stat')];
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
