import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Folder for what can be made again: the local target's environments, generated model configs. It is
 * ~/.cache/topology-bench, unless the environment variable TOPOLOGY_BENCH_CACHE names another.
 */
export function defaultCacheDirectory(): string {
  const named = process.env['TOPOLOGY_BENCH_CACHE'];
  return named === undefined || named === '' ? join(homedir(), '.cache', 'topology-bench') : resolve(named);
}
