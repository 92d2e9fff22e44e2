import { describe, expect, it } from 'vitest';
import type { ClusterEvent, ContainerStatus, Pod } from '../../../src/kubernetes/apiObjects.ts';
import { diagnoseMissingPod, diagnosePod } from '../../../src/kubernetes/diagnose.ts';

/** The words are what a real cluster (v1.36) said. */
describe('what a pod waits for', () => {
  it('quotes the scheduler', () => {
    const message =
      '0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.';
    const pending = pod({ conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] });
    expect(diagnosePod('triton', pending, [])).toEqual({
      state: 'waiting',
      cause: 'unschedulable',
      message: `triton: ${message}`,
    });
  });

  it.each([
    [
      'not found',
      'ErrImagePull',
      'failed to resolve reference "registry.local/x:1": registry.local/x:1: not found',
      'failed',
    ],
    [
      'no rights',
      'ImagePullBackOff',
      'Back-off pulling image "x": ErrImagePull: pull access denied, repository does not exist',
      'failed',
    ],
    ['a bad name', 'InvalidImageName', 'Failed to apply default image tag "X": couldn\'t parse image name', 'failed'],
    ['a slow registry', 'ErrImagePull', 'unexpected status from GET request: 503 Service Unavailable', 'waiting'],
    ['no network', 'ErrImagePull', 'dial udp 10.255.255.53:53: connect: network is unreachable', 'waiting'],
  ])('knows which failed pulls are final: %s', (_, reason, message, state) => {
    const waiting = pod({ initContainerStatuses: [container('model-loader', { waiting: { reason, message } })] });
    const finding = diagnosePod('fastapi', waiting, []);
    expect(finding.state).toBe(state);
    expect(finding.message).toContain(message);
    if (finding.state === 'failed') expect(finding.reason).toBe('image-unavailable');
    else expect(finding.patienceSeconds).toBeLessThanOrEqual(120);
  });

  it('says that the model has to be uploaded, and that packages are being installed', () => {
    const running = { running: {} };
    const loading = pod({
      initContainerStatuses: [
        container('packages', { terminated: { exitCode: 0 } }),
        container('model-loader', running),
      ],
    });
    expect(diagnosePod('triton', loading, [])).toMatchObject({
      cause: 'model',
      message: 'triton: waiting for model upload',
    });
    const installing = pod({ initContainerStatuses: [container('packages', running)] });
    expect(diagnosePod('triton', installing, []).message).toBe('triton: installing packages');
  });

  it('says what the probe said', () => {
    const starting = pod({ containerStatuses: [container('fastapi', { running: {} })] });
    const unhealthy = event('Unhealthy', 'Startup probe failed: HTTP probe failed with statuscode: 503');
    expect(diagnosePod('fastapi', starting, [unhealthy]).message).toContain('statuscode: 503');
  });

  it('tells out of memory from other ends, and where it can be read up', () => {
    const killed = pod({
      phase: 'Failed',
      containerStatuses: [container('fastapi', { terminated: { exitCode: 137, reason: 'OOMKilled' } })],
    });
    expect(diagnosePod('fastapi', killed, [])).toMatchObject({
      state: 'failed',
      reason: 'pod-failed',
      message: 'fastapi: its pod ended: OOMKilled (exit code 137)',
      nextStep: expect.stringMatching(/^Give the topology more memory/u) as string,
      container: { name: 'fastapi' },
    });
    const oneProcess = pod({
      phase: 'Failed',
      containerStatuses: [container('fastapi', { terminated: { exitCode: 137, reason: 'Error' } })],
    });
    expect(diagnosePod('fastapi', oneProcess, [])).toMatchObject({
      message: 'fastapi: its pod ended: it ended (exit code 137)',
      nextStep: expect.stringMatching(/memory/u) as string,
    });
    const notThere = 'OCI runtime create failed: exec: "tritonserver": executable file not found in $PATH: unknown';
    const notStarted = pod({
      phase: 'Failed',
      containerStatuses: [
        container('triton', { terminated: { exitCode: 128, reason: 'StartError', message: notThere } }),
      ],
    });
    expect(diagnosePod('triton', notStarted, [])).toMatchObject({
      message: `triton: its pod ended: StartError (exit code 128): ${notThere}`,
      nextStep: expect.stringContaining('image') as string,
    });
    const tooSmall = 'container init was OOM-killed (memory limit too low?): unknown';
    const tooLittle = pod({
      phase: 'Failed',
      containerStatuses: [
        container('triton', { terminated: { exitCode: 128, reason: 'StartError', message: tooSmall } }),
      ],
    });
    expect(diagnosePod('triton', tooLittle, [])).toMatchObject({
      nextStep: expect.stringMatching(/^Give the topology more memory/u) as string,
    });
    const evicted = pod({ phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' });
    expect(diagnosePod('fastapi', evicted, []).message).toContain('Evicted: The node was low on resource: memory.');
  });

  it('says what to do next, whatever ended a pod', () => {
    const ended = (changes: Partial<NonNullable<Pod['status']>>): unknown => {
      const finding = diagnosePod('fastapi', pod({ phase: 'Failed', ...changes }), []);
      return finding.state === 'failed' ? finding.nextStep : undefined;
    };
    const exit = { terminated: { exitCode: 1, reason: 'Error' } };
    expect(ended({ initContainerStatuses: [container('packages', exit)] })).toMatch(/package index/u);
    expect(ended({ containerStatuses: [container('fastapi', exit)] })).toMatch(/what its log names/u);
    expect(ended({ reason: 'Evicted' })).toMatch(/node is short of/u);
    expect(ended({ reason: 'DeadlineExceeded' })).toMatch(/shorter load/u);
    expect(ended({ reason: 'UnexpectedAdmissionError', message: 'no GPU is healthy' })).toMatch(/whoever looks after/u);
    expect(ended({})).toMatch(/start again/u);
  });

  it('gives a container that is started again two chances, and one that ran out of memory none', () => {
    const crashing = (restartCount: number, reason: string): Pod =>
      pod({
        containerStatuses: [
          {
            ...container('fastapi', {
              waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' },
            }),
            restartCount,
            lastState: { terminated: { exitCode: 1, reason } },
          },
        ],
      });
    expect(diagnosePod('fastapi', crashing(1, 'Error'), []).state).toBe('waiting');
    expect(diagnosePod('fastapi', crashing(2, 'Error'), [])).toMatchObject({
      state: 'failed',
      container: { previous: true },
    });
    expect(diagnosePod('fastapi', crashing(1, 'OOMKilled'), []).state).toBe('failed');
  });
});

describe('why there is no pod', () => {
  it('ends at once for Pod Security', () => {
    const message =
      'Error creating: pods "tb-x-fastapi-abcde" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false';
    const finding = diagnoseMissingPod('fastapi', 'tb-x-fastapi', [event('FailedCreate', message, 'tb-x-fastapi')]);
    expect(finding).toMatchObject({ state: 'failed', reason: 'rejected-by-cluster' });
    expect(finding.message).toContain('violates PodSecurity');
  });

  it('waits for a quota that others use up, and not for one that is smaller than the request', () => {
    const quota = (used: number): ClusterEvent =>
      event(
        'FailedCreate',
        `Error creating: pods "p2" is forbidden: exceeded quota: gpuq, requested: requests.nvidia.com/gpu=2, used: requests.nvidia.com/gpu=${String(used)}, limited: requests.nvidia.com/gpu=${String(used === 0 ? 1 : 3)}`,
        'tb-x-triton-5d4f',
      );
    expect(diagnoseMissingPod('triton', 'tb-x-triton', [quota(2)])).toMatchObject({
      state: 'waiting',
      patienceSeconds: 60,
      nextStep: expect.stringContaining('quota') as string,
    });
    expect(diagnoseMissingPod('triton', 'tb-x-triton', [quota(0)])).toMatchObject({
      state: 'failed',
      reason: 'rejected-by-cluster',
    });
  });
});

function pod(status: NonNullable<Pod['status']>): Pod {
  return { metadata: { name: 'tb-x-pod', uid: 'uid-1' }, spec: { containers: [] }, status };
}

function container(name: string, state: NonNullable<ContainerStatus['state']>): ContainerStatus {
  return { name, ready: false, restartCount: 0, state };
}

function event(reason: string, message: string, object = 'tb-x-pod'): ClusterEvent {
  return {
    metadata: { name: 'e', uid: 'e' },
    involvedObject: { name: object, uid: 'uid-1' },
    reason,
    message,
    type: 'Warning',
  };
}
