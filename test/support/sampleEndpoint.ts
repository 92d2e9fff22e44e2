import type { EndpointPlan } from '../../src/core/endpointPlan.ts';
import { makeEndpointPlan, type EndpointChoices } from '../../src/core/endpointPlanning.ts';
import { runRecordSchema, type PhaseResult, type RunRecord } from '../../src/core/record.ts';
import { judgePhase } from '../../src/core/validity.ts';
import { sampleMachine } from './origin.ts';
import { samplePhase, samplePlan, sampleRecord } from './sampleRecord.ts';

export function sampleEndpointPlan(change: Partial<EndpointChoices> = {}): EndpointPlan {
  return makeEndpointPlan({
    name: 'checkout',
    method: 'POST',
    https: true,
    bodies: 120,
    payload: { name: 'bodies', sha256: '7'.repeat(64) },
    profile: 'quick',
    ...change,
  });
}

/** A completed quick run on an endpoint: a SAMPLE, measured by nobody, like those of sampleRecord.ts. */
export function sampleEndpointRecord(plan: EndpointPlan = sampleEndpointPlan()): RunRecord {
  const deployed = sampleRecord();
  return runRecordSchema.parse({
    ...deployed,
    plan,
    modelConfig: null,
    software: { ...deployed.software, servingSha256: null },
    environment: {
      ...deployed.environment,
      target: 'endpoint',
      cluster: null,
      serverVersion: null,
      gpuProducts: [],
      driverVersions: [],
      machines: [sampleMachine],
    },
    sameAnswers: {
      verdict: 'not compared',
      detail: 'what an endpoint that exists already should answer is not known',
    },
    topologies: [
      {
        topology: { name: 'endpoint', variant: '' },
        status: 'completed',
        runtimes: [],
        placements: [],
        readyMs: null,
        uploadMs: null,
        networkPolicy: 'not applicable',
        phases: plan.load.phases.map((phase, index) => endpointPhase(plan, phase, index)),
        failure: null,
      },
    ],
  });
}

function endpointPhase(plan: EndpointPlan, phase: EndpointPlan['load']['phases'][number], index: number): PhaseResult {
  const deployed = samplePlan();
  const [fastapi] = deployed.topologies;
  if (fastapi === undefined) throw new Error('The sample plan has no topology.');
  const sample = samplePhase(deployed, fastapi, phase, index);
  const { measurement } = sample;
  const validity = judgePhase({ phase, measurement, serverCount: null, load: plan.load, target: 'endpoint' });
  return { ...sample, serverCount: null, batching: null, split: null, validity };
}
