import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renderAnchor } from '../../../src/topologies/anchor.ts';
import { topologySlug, type Anchor, type AnchorKind } from '../../../src/topologies/labels.ts';
import { renderLoadGenerator } from '../../../src/topologies/loadGenerator.ts';
import { manifestText } from '../../../src/topologies/manifestText.ts';
import type { Job, Deployment, Manifest, PodSpec } from '../../../src/topologies/objects.ts';
import { renderPolicyProbe } from '../../../src/topologies/policyProbe.ts';
import { renderTopology } from '../../../src/topologies/render.ts';
import type { RenderRequest } from '../../../src/topologies/renderRequest.ts';
import { expectGolden } from '../../support/golden.ts';
import { sampleGpu, samplePlan, sampleTopologies } from './samplePlan.ts';

const root = join(import.meta.dirname, '../../..');
const golden = (name: string): string => join(import.meta.dirname, 'golden', `${name}.yaml`);
const hardware = { cpu: null, gpu: sampleGpu } as const;
const workloads = { job: 'run', deployment: 'deployment' } as const;

function request(
  name: keyof typeof sampleTopologies,
  kind: AnchorKind,
  changes: Partial<RenderRequest['plan']> = {},
): RenderRequest {
  const anchor: Anchor = {
    kind,
    id: '20261122-164310-3f9a',
    namespace: 'team',
    uid: '11111111-2222-3333-4444-555555555555',
  };
  return {
    plan: samplePlan(changes),
    topology: sampleTopologies[name],
    anchor,
    servingFiles: {
      'topology_bench_serving/serve.py': '# the server\n',
      'topology_bench_serving/triton_model.py': '# the model\n',
    },
    requirements: 'fastapi==1.0 --hash=sha256:00\n',
    packageIndexUrl: null,
    modelManifestSha256: 'e'.repeat(64),
    apiKey: 'not-a-real-key-0123456789',
    runtimeClassExists: true,
  };
}

describe('rendered topologies', () => {
  for (const name of Object.keys(sampleTopologies) as (keyof typeof sampleTopologies)[]) {
    for (const [hardwareName, gpu] of Object.entries(hardware)) {
      for (const [workload, kind] of Object.entries(workloads)) {
        it(`${name} on ${hardwareName} as ${workload}`, async () => {
          const { objects } = renderTopology(request(name, kind, { gpu }));
          await expectGolden(golden(`${name}-${hardwareName}-${workload}`), manifestText(objects));
        });
      }
    }
  }

  it('the load generator with a key, and the anchor', async () => {
    const { plan, topology, anchor } = request('hybrid', 'run');
    const { spec, job } = renderLoadGenerator({
      plan,
      topology,
      anchor,
      spec: {
        url: 'http://tb-x.team.svc:8000/v2/models/tiny-sentiment/infer',
        tls: null,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        secretHeader: { name: 'x-api-key', environmentVariable: 'TOPOLOGY_BENCH_API_KEY' },
        bodies: ['{}'],
        seed: 1,
        timeoutMs: 10_000,
        phases: plan.load.phases,
        gate: { directory: '/gate' },
        gateTimeoutSeconds: 300,
      },
      workerName: 'tb-20261122-164310-3f9a-worker',
      secretName: 'tb-20261122-164310-3f9a-hybrid-gateway',
    });
    const small = samplePlan({ topologies: [sampleTopologies.fastapi] });
    await expectGolden(golden('load-generator'), manifestText([renderAnchor(anchor, small, null, {}), spec, job]));
  });

  it('the network policy probe', async () => {
    await expectGolden(
      golden('policy-probe'),
      manifestText([renderPolicyProbe(request('hybrid', 'run'), { gateway: '10.0.0.6', triton: '10.0.0.7' })]),
    );
  });
});

describe('every pod', () => {
  const all = (Object.keys(sampleTopologies) as (keyof typeof sampleTopologies)[]).flatMap((name) =>
    Object.values(hardware).flatMap((gpu) => renderTopology(request(name, 'run', { gpu })).objects),
  );

  it('passes Pod Security "restricted" and has no service account token', () => {
    const specs = podSpecs(all);
    expect(specs.length).toBe(8);
    for (const spec of specs) {
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
      }
    }
  });

  it('is of guaranteed quality of service: requests equal limits, in whole cores', () => {
    for (const spec of podSpecs(all)) {
      for (const { resources } of [...(spec.initContainers ?? []), ...spec.containers]) {
        expect(resources.requests).toEqual(resources.limits);
        expect(Number.isInteger(Number(resources.limits['cpu']))).toBe(true);
      }
    }
  });

  it('gets the cores of its topology, shared out without remainder', () => {
    for (const [name, topology] of Object.entries(sampleTopologies)) {
      const { objects } = renderTopology(request(name as keyof typeof sampleTopologies, 'run'));
      const cores = podSpecs(objects).flatMap(({ containers }) =>
        containers.map(({ resources }) => Number(resources.limits['cpu'])),
      );
      expect(cores.reduce((sum, each) => sum + each, 0)).toBe(topology.cores);
    }
  });
});

describe('rendering', () => {
  it('asks for the runtime class only where the cluster has it', () => {
    const without = renderTopology({ ...request('triton', 'run', { gpu: sampleGpu }), runtimeClassExists: false });
    expect(podSpecs(without.objects).map(({ runtimeClassName }) => runtimeClassName)).toEqual([undefined]);
  });

  it('lets what asks for no GPU beside those that do, and keeps their node selector to them', () => {
    const gpuRequest = request('hybrid', 'run', { gpu: sampleGpu });
    const [gateway, triton] = podSpecs(renderTopology(gpuRequest).objects);
    const probe = renderPolicyProbe(gpuRequest, { gateway: '10.0.0.6', triton: '10.0.0.7' }).spec.template.spec;
    expect(triton?.nodeSelector).toEqual(sampleGpu.nodeSelector);
    for (const spec of [gateway, probe]) {
      expect(spec?.tolerations).toEqual(triton?.tolerations);
      expect(spec?.nodeSelector).toBeUndefined();
    }
    expect(podSpecs(renderTopology(request('hybrid', 'run')).objects).map(({ tolerations }) => tolerations)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('trusts a package index without TLS only by its own name', () => {
    const { objects } = renderTopology({
      ...request('fastapi', 'run'),
      packageIndexUrl: 'http://10.0.0.1:8081/simple/',
    });
    const [install] = podSpecs(objects)[0]?.initContainers ?? [];
    expect(install?.env).toContainEqual({ name: 'PIP_TRUSTED_HOST', value: '10.0.0.1' });
    expect(install?.command).not.toContain('sh');
  });

  describe.each([1, 2])('on %i GPUs', (count) => {
    const gpu = { ...sampleGpu, count };

    it('makes as many copies of the model by FastAPI, on every device, as by Triton', () => {
      const { triton } = sampleTopologies;
      for (const instances of [1, 2, 3]) {
        const topologies = [sampleTopologies.fastapi, { ...triton, triton: { ...triton.triton, instances } }];
        const workers = fastapiEnvironment({ gpu, topologies });
        expect(workers['TOPOLOGY_BENCH_DEVICES']).toBe(String(count));
        expect(workers['TOPOLOGY_BENCH_WORKERS']).toBe(String(count * instances));
        const config = tritonConfig(topologies[1], { gpu, topologies });
        // Triton's own rule: so many on each GPU.
        expect(config).toContain(`kind: KIND_GPU count: ${String(instances)} `);
        const threads = `key: "TOPOLOGY_BENCH_INTRA_OP_THREADS" value { string_value: "${workers['TOPOLOGY_BENCH_INTRA_OP_THREADS'] ?? ''}" }`;
        expect(config).toContain(threads);
      }
    });

    it('makes the same number where the plan allows the CPU instead', () => {
      const { triton } = sampleTopologies;
      const config = tritonConfig(triton, { gpu, allowCpuProvider: true });
      expect(config).toContain(`kind: KIND_CPU count: ${String(count * triton.triton.instances)} `);
      // Nobody but the instances themselves shares the GPUs out then.
      const devices = /"TOPOLOGY_BENCH_DEVICES" value \{ string_value: "(\d+)" \}/u.exec(config)?.[1] ?? '1';
      expect(devices).toBe(String(count));
    });

    it('makes FastAPI by itself use its cores on all devices alike', () => {
      const fastapi = { ...sampleTopologies.fastapi, cores: 3 };
      const workers = fastapiEnvironment({ gpu, topologies: [fastapi] }, fastapi);
      expect(workers['TOPOLOGY_BENCH_WORKERS']).toBe(String(count * Math.ceil(3 / count)));
    });
  });

  it('names no devices to FastAPI on the CPU, where a worker a core computes', () => {
    const workers = fastapiEnvironment({});
    expect(workers).not.toHaveProperty('TOPOLOGY_BENCH_DEVICES');
    expect(workers['TOPOLOGY_BENCH_WORKERS']).toBe(String(sampleTopologies.fastapi.cores));
  });

  it.each([
    ['nvcr.io/nvidia/tritonserver:26.07-py3', true],
    ['mirror.example:5000/nvidia/tritonserver:25.06-py3-min', true],
    ['nvcr.io/nvidia/tritonserver:25.05-py3', false],
    ['nvcr.io/nvidia/tritonserver@sha256:00', false],
    ['registry.example/topology-bench-triton:26.07', false],
  ])('limits the bodies that Triton takes where the release is known to have the option: %s', (triton, limited) => {
    const { images } = samplePlan();
    const { objects } = renderTopology(request('triton', 'run', { images: { ...images, triton } }));
    const command = podSpecs(objects)[0]?.containers[0]?.command ?? [];
    expect(command[0]).toBe('tritonserver');
    expect(command.includes('--http-max-input-size=1048576')).toBe(limited);
  });

  it('installs in a pod as the Containerfile does, which alone compiles', async () => {
    const { objects } = renderTopology(request('fastapi', 'run'));
    const [install] = podSpecs(objects)[0]?.initContainers ?? [];
    const containerfile = await readFile(join(root, 'src/serving/Containerfile'), 'utf8');
    const [, built = ''] = /^RUN python3 -m pip install ((?:.|\\\n)*?) +\\\n +&&/mu.exec(containerfile) ?? [];
    const options = (words: readonly string[]): string[] => words.filter((word) => word.startsWith('-'));
    expect(options(built.split(/[\s\\]+/u))).toEqual(
      options(install?.command.slice(4) ?? []).filter((option) => option !== '--no-compile'),
    );
  });

  it('installs nothing from prebuilt images', () => {
    const { images } = samplePlan();
    const { objects } = renderTopology(request('fastapi', 'run', { images: { ...images, packages: 'prebuilt' } }));
    expect(podSpecs(objects)[0]?.initContainers?.map(({ name }) => name)).toEqual(['model-loader']);
  });

  it('keeps names within the 63 characters of a Service, and variants apart', () => {
    const variant = 'with a rather long name, and then some';
    const long = { ...sampleTopologies.hybrid, variant };
    const { objects } = renderTopology({ ...request('hybrid', 'run'), topology: long });
    for (const { metadata } of objects) {
      expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/u);
      for (const value of Object.values(metadata.labels))
        expect(value).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/u);
    }
    expect(topologySlug(long)).not.toBe(topologySlug({ ...long, variant: `${variant}!` }));
  });
});

function fastapiEnvironment(
  changes: Partial<RenderRequest['plan']>,
  topology: RenderRequest['topology'] = sampleTopologies.fastapi,
): Record<string, string | undefined> {
  const { objects } = renderTopology({ ...request('fastapi', 'run', changes), topology });
  const [spec] = podSpecs(objects);
  return Object.fromEntries((spec?.containers[0]?.env ?? []).map((variable) => [variable.name, variable.value]));
}

function tritonConfig(
  topology: RenderRequest['topology'] | undefined,
  changes: Partial<RenderRequest['plan']>,
): string {
  if (topology === undefined) throw new Error('there is no such topology');
  const { objects } = renderTopology({ ...request('triton', 'run', changes), topology });
  const repository = objects.find(({ metadata }) => metadata.name.endsWith('-repository'));
  return repository?.kind === 'ConfigMap' ? (repository.data['config.pbtxt'] ?? '') : '';
}

function podSpecs(objects: readonly Manifest[]): PodSpec[] {
  return objects
    .filter((object): object is Job | Deployment => object.kind === 'Job' || object.kind === 'Deployment')
    .map(({ spec }) => spec.template.spec);
}
