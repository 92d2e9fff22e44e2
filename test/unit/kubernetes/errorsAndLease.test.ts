import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { BenchError, cancelled } from '../../../src/core/errors.ts';
import type { ApiMeta } from '../../../src/kubernetes/apiObjects.ts';
import { connectionLost } from '../../../src/kubernetes/channelSocket.ts';
import type { Cluster } from '../../../src/kubernetes/cluster.ts';
import { isInUse, keepLease, leaseOf } from '../../../src/kubernetes/lease.ts';
import { neededRights } from '../../../src/kubernetes/rights.ts';
import { isConnectionTrouble, refusal, statusErrorFrom } from '../../../src/kubernetes/statusError.ts';
import { connectionError, ConnectionError } from '../../../src/kubernetes/transport.ts';
import { modelManifestSha256 } from '../../../src/kubernetes/upload.ts';
import { leaseAnnotations } from '../../../src/topologies/anchor.ts';

describe('what the API server answers', () => {
  const status = (code: number, message: string): unknown =>
    refusal(statusErrorFrom(code, JSON.stringify({ kind: 'Status', reason: 'Forbidden', message })), 'list pods');

  it('is a missing right when RBAC says so, without the name of the user', () => {
    const error = status(
      403,
      'pods is forbidden: User "alice@example.org" cannot list resource "pods" in API group "" in the namespace "t"',
    );
    expect(error).toMatchObject({ reason: 'forbidden' });
    expect(String(error)).toContain('this user cannot list resource "pods"');
    expect(String(error)).not.toContain('alice');
  });

  it('is a refusal of what was asked for when admission says so', () => {
    const error = status(403, 'pods "p2" is forbidden: exceeded quota: gpuq, requested: requests.nvidia.com/gpu=2');
    expect(error).toMatchObject({
      reason: 'rejected-by-cluster',
      nextStep: expect.stringContaining('quota') as string,
    });
  });

  it('may be a text of something in between', () => {
    expect(String(refusal(statusErrorFrom(502, '<html>\nBad Gateway'), 'list pods'))).toContain('<html>');
    expect(String(refusal(statusErrorFrom(500, ''), 'list pods'))).toContain('HTTP 500');
  });

  it('is told by its code alone when there was none', () => {
    const error = connectionError(
      Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:6443'), { code: 'ECONNREFUSED' }),
    );
    expect(error.message).toBe(
      "The cluster's API server cannot be reached: the connection was refused (ECONNREFUSED).",
    );
    const untrusted = connectionError(
      Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    );
    expect(untrusted.message).toContain('certificate');
  });
});

describe('what another try may cure', () => {
  const refused = connectionError(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
  const untrusted = connectionError(Object.assign(new Error('no'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }));
  const unauthenticated = new BenchError({ reason: 'unauthenticated', message: 'Log in.' });

  it('is a connection that broke, but not what else went wrong on the way', () => {
    expect(refused).toBeInstanceOf(ConnectionError);
    expect(untrusted).not.toBeInstanceOf(ConnectionError);
    expect(unauthenticated).not.toBeInstanceOf(ConnectionError);
    expect(cancelled('waiting')).not.toBeInstanceOf(ConnectionError);
  });

  it('is an API server that cannot answer for now, but not one that says no', () => {
    for (const error of [refused, connectionLost(), statusErrorFrom(503, ''), statusErrorFrom(429, '')])
      expect(isConnectionTrouble(error)).toBe(true);
    for (const error of [unauthenticated, cancelled('waiting'), statusErrorFrom(403, ''), statusErrorFrom(404, '')])
      expect(isConnectionTrouble(error)).toBe(false);
  });
});

describe('a lease', () => {
  const now = Date.parse('2026-11-22T12:00:00Z');
  const cluster = { serverNow: () => now } as Cluster;
  const meta = (annotations: Record<string, string>): ApiMeta => ({ name: 'tb-x', uid: 'u', annotations });

  it('holds while it is fresh and its holder lives', () => {
    expect(isInUse(meta(leaseOf(cluster)), now + 59_000)).toBe(true);
    expect(isInUse(meta(leaseOf(cluster)), now + 61_000)).toBe(false);
  });

  it('from further ahead than clocks differ is of a clock that was set back, and does not hold for ever', () => {
    expect(isInUse(meta(leaseOf(cluster)), now - 5 * 60_000)).toBe(true);
    expect(isInUse(meta(leaseOf(cluster)), now - 365 * 86_400_000)).toBe(false);
  });

  it('stamped by a clock that was set ahead is put right with the answer to it', async () => {
    vi.useFakeTimers();
    try {
      let aheadMs = 0;
      const stamps: number[] = [];
      const told = {
        serverNow: () => now + aheadMs,
        change: (request: { body: { metadata: ApiMeta } }) => {
          stamps.push(Date.parse(request.body.metadata.annotations?.[leaseAnnotations.renewedAt] ?? '') - now);
          // The answer bears the server's time.
          aheadMs = 0;
          return Promise.resolve({});
        },
      } as unknown as Cluster;
      const lease = keepLease(told, { path: '/api/v1/namespaces/x', uid: 'u' }, () => undefined);
      await vi.advanceTimersByTimeAsync(15_000);
      expect(stamps).toEqual([0]);
      aheadMs = 86_400_000;
      await vi.advanceTimersByTimeAsync(15_000);
      expect(stamps).toEqual([0, 86_400_000, 0]);
      await lease[Symbol.asyncDispose]();
    } finally {
      vi.useRealTimers();
    }
  });

  it('that the cluster refuses to renew is told once', async () => {
    vi.useFakeTimers();
    try {
      const warnings: string[] = [];
      const refusing = {
        serverNow: () => now,
        change: () => Promise.reject(statusErrorFrom(403, '{"message":"namespaces \\"x\\" is forbidden"}')),
      } as unknown as Cluster;
      const warn = (message: string): unknown => warnings.push(message);
      const lease = keepLease(refusing, { path: '/api/v1/namespaces/x', uid: 'u' }, warn);
      await vi.advanceTimersByTimeAsync(60_000);
      await lease[Symbol.asyncDispose]();
      expect(warnings).toEqual([expect.stringContaining('looks left behind to others: namespaces "x" is forbidden')]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of a process of this machine that has died holds no longer', () => {
    const pid = execFileSync(process.execPath, ['-p', 'process.pid'], { encoding: 'utf8' }).trim();
    const own = leaseOf(cluster);
    const [machine] = (own[leaseAnnotations.holder] ?? '').split('/');
    expect(isInUse(meta({ ...own, [leaseAnnotations.holder]: `${machine ?? ''}/${pid}` }), now)).toBe(false);
    // Of a process elsewhere nothing is known but how fresh it is.
    expect(isInUse(meta({ ...own, [leaseAnnotations.holder]: `elsewhere/${pid}` }), now)).toBe(true);
  });

  it('that never was, or cannot be read, does not hold', () => {
    expect(isInUse({ name: 'tb-x', uid: 'u' }, now)).toBe(false);
    expect(isInUse(meta({ [leaseAnnotations.renewedAt]: 'soon' }), now)).toBe(false);
  });
});

describe('rights', () => {
  it('to namespaces are asked for where one is to be made, and only there', () => {
    const namespaces = (makesNamespace: boolean): unknown =>
      neededRights({ hybrid: false, workload: 'Job', makesNamespace }).find(
        ({ resource }) => resource === 'namespaces',
      );
    expect(namespaces(false)).toBeUndefined();
    expect(namespaces(true)).toMatchObject({ verbs: ['get', 'create', 'patch', 'delete'], clusterWide: true });
  });

  it.each([
    ['role.yaml', false],
    ['cluster-role.yaml', true],
  ])('are what docs/%s grants, no less and no more', (file, makesNamespace) => {
    const flat = (
      rules: readonly { groups: readonly string[]; resources: readonly string[]; verbs: readonly string[] }[],
    ) =>
      rules
        .flatMap(({ groups, resources, verbs }) =>
          groups.flatMap((group) =>
            resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
          ),
        )
        .sort();
    const { rules } = parse(readFileSync(`docs/${file}`, 'utf8')) as {
      rules: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
    };
    const granted = flat(rules.map(({ apiGroups, resources, verbs }) => ({ groups: apiGroups, resources, verbs })));
    const needed = (['Job', 'Deployment'] as const).flatMap((workload) =>
      flat(
        neededRights({ hybrid: true, workload, makesNamespace }).map(({ group, resource, verbs }) => ({
          groups: [group],
          resources: [resource],
          verbs,
        })),
      ),
    );
    expect(granted).toEqual([...new Set(needed)].sort());
  });

  it('ask for Secrets and network policies only where a gateway needs them, and never to read all Secrets', () => {
    const plain = neededRights({ hybrid: false, workload: 'Job', makesNamespace: false });
    expect(plain.some(({ resource }) => resource === 'secrets' || resource === 'networkpolicies')).toBe(false);
    for (const workload of ['Job', 'Deployment'] as const) {
      const secrets = neededRights({ hybrid: true, workload, makesNamespace: false }).find(
        ({ resource }) => resource === 'secrets',
      );
      expect(secrets?.verbs).not.toContain('list');
    }
  });
});

describe("the model's manifest", () => {
  it('has the hash that sha256sum of all files, hashed again, has', () => {
    const files = [
      { name: 'b.json', sizeBytes: 1, sha256: '2'.repeat(64) },
      { name: 'a.onnx', sizeBytes: 1, sha256: '1'.repeat(64) },
    ];
    const text = `${'1'.repeat(64)}  a.onnx\n${'2'.repeat(64)}  b.json\n`;
    const expected = execFileSync('sha256sum', { input: text, encoding: 'utf8' }).split(' ')[0];
    expect(modelManifestSha256(files)).toBe(expected);
  });
});
