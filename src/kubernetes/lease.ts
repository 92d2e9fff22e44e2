import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { sha256 } from '../hashes/sha256.ts';
import { hasProcess } from '../processes/hasProcess.ts';
import { leaseAnnotations } from '../topologies/anchor.ts';
import type { ApiMeta } from './apiObjects.ts';
import { query, type Cluster } from './cluster.ts';
import { isStatus } from './statusError.ts';

/** How often whoever looks after a run says so, and after how long of silence it is taken for gone. */
const renewEveryMs = 15_000;
const staleAfterMs = 60_000;
/** A lease from further ahead than this is of a clock that was set back: whoever keeps one has renewed it since. */
const fromTheFutureMs = 10 * 60_000;

/** Annotations of an anchor, or of a namespace made for one, that this process looks after from now on. */
export function leaseOf(cluster: Cluster): Record<string, string> {
  return {
    [leaseAnnotations.renewedAt]: new Date(cluster.serverNow()).toISOString(),
    [leaseAnnotations.holder]: `${machineId()}/${String(process.pid)}`,
  };
}

/** An object that bears a lease. */
export interface Leased {
  readonly path: string;
  readonly uid: string;
}

/**
 * Renews a lease until it is disposed. A renewal that fails is made up for by the next.
 * @param warn is told, once, when the cluster refuses to renew it
 */
export function keepLease(cluster: Cluster, leased: Leased, warn: (message: string) => void): AsyncDisposable {
  const end = new AbortController();
  let underWay: Promise<unknown> = Promise.resolve();
  let hasWarned = false;
  const timer = setInterval(() => {
    underWay = renew(cluster, leased, end.signal).catch((error: unknown) => {
      if (hasWarned || !isStatus(error, 403)) return;
      hasWarned = true;
      warn(
        `The cluster refuses to note on ${leased.path} that this is under way, so it looks left behind to others: ${error.message}`,
      );
    });
  }, renewEveryMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      end.abort();
      await underWay;
    },
  };
}

/** By how much a stamp may lie ahead of the clock that the answer to it tells. */
const mostAheadMs = 5_000;

async function renew(cluster: Cluster, leased: Leased, signal: AbortSignal): Promise<void> {
  const stampedMs = cluster.serverNow();
  await annotate(cluster, leased, leaseOf(cluster), signal);
  // This machine's clock was set ahead, and the lease would read as one of nobody until the next renewal.
  if (stampedMs - cluster.serverNow() > mostAheadMs) await annotate(cluster, leased, leaseOf(cluster), signal);
}

/** Says that nobody looks after the object any more; for one that stays. */
export async function endLease(cluster: Cluster, leased: Leased, signal: AbortSignal): Promise<void> {
  // A renewal that is still under way would take the lease up again.
  await cluster.settled(signal);
  const none = Object.fromEntries(Object.values(leaseAnnotations).map((name) => [name, null]));
  await annotate(cluster, leased, none, signal);
}

async function annotate(
  cluster: Cluster,
  leased: Leased,
  annotations: Readonly<Record<string, string | null>>,
  signal: AbortSignal,
): Promise<void> {
  await cluster.change(
    {
      method: 'PATCH',
      path: `${leased.path}?${query({ fieldManager: 'topology-bench-lease' })}`,
      // The uid keeps a namesake from being renewed in its place.
      body: { metadata: { uid: leased.uid, annotations } },
      contentType: 'application/merge-patch+json',
    },
    signal,
  );
}

/** Whether the object bears a lease at all, fresh or not. */
export function hasLease(metadata: ApiMeta): boolean {
  return metadata.annotations?.[leaseAnnotations.renewedAt] !== undefined;
}

/** Whether somebody still looks after the object: its lease is fresh, and its holder, where it ran on this machine, lives. */
export function isInUse(metadata: ApiMeta, serverNowMs: number): boolean {
  const renewedAt = Date.parse(metadata.annotations?.[leaseAnnotations.renewedAt] ?? '');
  const ageMs = serverNowMs - renewedAt;
  if (!Number.isFinite(ageMs) || ageMs > staleAfterMs || ageMs < -fromTheFutureMs) return false;
  const [machine, pid] = (metadata.annotations?.[leaseAnnotations.holder] ?? '').split('/');
  return machine !== machineId() || isAlive(Number(pid));
}

/** Tells this machine, and the container that this runs in, from others without naming it. */
function machineId(): string {
  const parts = [
    hostname(),
    readOr(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
    readOr(() => readlinkSync('/proc/self/ns/pid')),
  ];
  return sha256(parts.join('\n')).slice(0, 16);
}

/** A lease whose holder cannot be read counts by its age alone. */
function isAlive(pid: number): boolean {
  return !Number.isInteger(pid) || pid <= 0 || hasProcess(pid);
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
