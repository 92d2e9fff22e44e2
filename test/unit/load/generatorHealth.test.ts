import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createHistogram } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import { stalledMs, throttledMs, watchGenerator } from '../../../src/load/generatorHealth.ts';

function rootWith(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'topology-bench-cgroup-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('the time for which the generator was throttled', () => {
  it.each([
    [
      'cgroup 2 in a container',
      { 'sys/fs/cgroup/cpu.stat': 'usage_usec 9\nnr_throttled 3\nthrottled_usec 1500\n', 'proc/self/cgroup': '0::/\n' },
      1.5,
    ],
    [
      'cgroup 2 on a host',
      {
        'sys/fs/cgroup/a.slice/cpu.stat': 'throttled_usec 2000\n',
        'sys/fs/cgroup/cpu.stat': 'usage_usec 9\n',
        'proc/self/cgroup': '0::/a.slice\n',
      },
      2,
    ],
    [
      'cgroup 1 in a container',
      {
        'sys/fs/cgroup/cpu/cpu.stat': 'nr_periods 1\nthrottled_time 3000000\n',
        'proc/self/cgroup': '4:cpu,cpuacct:/kubepods/x\n',
      },
      3,
    ],
    [
      'cgroup 1 on a host',
      { 'sys/fs/cgroup/cpu,cpuacct/x/cpu.stat': 'throttled_time 4000000\n', 'proc/self/cgroup': '4:cpu,cpuacct:/x\n' },
      4,
    ],
    ['no cgroup', {}, null],
    [
      'a cgroup without the CPU controller',
      { 'sys/fs/cgroup/cpu.stat': 'usage_usec 9\n', 'proc/self/cgroup': '0::/\n' },
      null,
    ],
  ] as [string, Record<string, string>, number | null][])('%s', (_name, files, expected) => {
    expect(throttledMs(rootWith(files))).toBe(expected);
  });
});

describe('the time for which the event loop stood still', () => {
  it('is what its pauses had beyond 20 ms, however few of them there were', () => {
    const samples = createHistogram();
    for (let sample = 0; sample < 20_000; sample += 1) samples.record(10_100_000);
    expect(stalledMs(samples)).toBe(0);
    samples.record(320_000_000);
    for (const pauseMs of [25, 25, 19.9]) samples.record(pauseMs * 1e6);
    // The samples are kept to three digits.
    expect(stalledMs(samples)).toBeCloseTo(310, 0);
    // One in twenty thousand: a percentile says nothing of it.
    expect(samples.percentile(99) / 1e6).toBeLessThan(11);
  });
});

describe('the generator watching itself', () => {
  it('sees a blocked event loop, less the sampling interval', async () => {
    const health = watchGenerator();
    await new Promise((resolve) => setTimeout(resolve, 50));
    // On a machine with other work, 120 ms that pass are fewer of this process.
    const [until, cpu] = [performance.now() + 120, process.cpuUsage()];
    const usedMs = (): number => {
      const { user, system } = process.cpuUsage(cpu);
      return (user + system) / 1000;
    };
    while (performance.now() < until || usedMs() < 60);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { eventLoopDelayP99Ms, stalledMs: stalled, cpuSeconds } = health();
    expect(eventLoopDelayP99Ms).toBeGreaterThan(100);
    expect(stalled).toBeGreaterThan(90);
    expect(cpuSeconds).toBeGreaterThan(0.05);
  });
});
