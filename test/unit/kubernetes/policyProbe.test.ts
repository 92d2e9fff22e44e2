import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { probeSeconds, renderPolicyProbe } from '../../../src/topologies/policyProbe.ts';
import { samplePlan, sampleTopologies } from '../topologies/samplePlan.ts';

/**
 * In place of Python's own: a try to connect ends as the environment says, one letter a try, with the last letter over and over.
 * It counts the time that the real one would take, and none passes.
 */
const fakeSocket = `
import atexit, errno, os, sys, time

left = {"gateway": list(os.environ["GATEWAY"]), "triton": list(os.environ["TRITON"])}
seconds = 0

def pass_time(more):
    global seconds
    seconds += more

time.sleep = pass_time
atexit.register(lambda: print(seconds, file=sys.stderr))

class Connection:
    def close(self): pass

def create_connection(address, timeout):
    letters = left[address[0]]
    letter = letters.pop(0) if len(letters) > 1 else letters[0]
    if letter == "c": return Connection()
    if letter == "r": raise ConnectionRefusedError()
    if letter == "x": raise OSError(errno.ENETUNREACH, "Network is unreachable")
    pass_time(timeout)
    raise TimeoutError()
`;

const request = {
  plan: samplePlan(),
  topology: sampleTopologies.hybrid,
  anchor: { kind: 'run', id: 'r1', namespace: 'team', uid: null },
  servingFiles: {},
  requirements: '',
  packageIndexUrl: null,
  modelManifestSha256: 'e'.repeat(64),
  apiKey: 'not-a-real-key-0123456789',
  runtimeClassExists: true,
} as const;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'topology-bench-probe-'));
  await writeFile(join(folder, 'socket.py'), fakeSocket);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** c: connected, t: no answer in time, r: refused, x: another failure. */
async function probe(gateway: string, triton: string): Promise<{ said: string; seconds: number }> {
  const job = renderPolicyProbe(request, { gateway: 'gateway', triton: 'triton' });
  const [container] = job.spec.template.spec.containers;
  const [command = '', ...parameters] = container?.command ?? [];
  const env = { ...process.env, PYTHONPATH: folder, GATEWAY: gateway, TRITON: triton };
  const { stdout, stderr } = await promisify(execFile)(command, parameters, { env });
  return { said: stdout.trim(), seconds: Number(stderr) };
}

describe('what the probe of a network policy says', () => {
  it.each([
    ['a policy that keeps everybody out', 'c', 't', 'blocked'],
    ['a policy that refuses', 'c', 'r', 'blocked'],
    ['a policy that reaches the pod late', 'c', 'ccct', 'blocked'],
    ['a policy that reaches the pod with the last try', 'c', 'ccccct', 'blocked'],
    ['no policy', 'c', 'c', 'connected'],
    ['packets that are lost once', 'c', 'tc', 'connected'],
    ['packets that are lost now and then', 'c', 'tctctcc', 'connected'],
    ['packets that are lost with the last try', 'c', 'ccccctc', 'connected'],
    ['a server that is just being started again', 'c', 'rcc', 'connected'],
    ['no way to Triton at all', 'c', 'x', 'failed: Network is unreachable'],
    ['no way to anywhere', 't', 't', 'the probe does not reach the gateway either (blocked)'],
    ['a network that goes away meanwhile', 'ct', 't', 'the probe does not reach the gateway either (blocked)'],
  ])('of %s', async (_, gateway, triton, said) => {
    expect((await probe(gateway, triton)).said).toBe(said);
  });

  it('comes within the time that it is given, however long each try takes', async () => {
    const { said, seconds } = await probe('tttttttct', 'ctctctt');
    expect(said).toContain('does not reach the gateway');
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThan(probeSeconds.tries - 5);
  });
});
