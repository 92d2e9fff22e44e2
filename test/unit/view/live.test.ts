import { describe, expect, it } from 'vitest';
import { liveView } from '../../../src/core/view/live.ts';
import { measuredState, rowsOf } from '../../../src/core/view/measured.ts';
import { liveCaveats } from '../../../src/core/view/provenance.ts';
import { resultTable } from '../../../src/core/view/resultTable.ts';
import { sampleLocalPlan, samplePlan, sampleRecord } from '../../support/sampleRecord.ts';
import { sampleState } from '../../support/sampleState.ts';

const record = sampleRecord();

describe('a run under way', () => {
  it('begins with its checks', () => {
    const view = liveView(sampleState(record, 'preflight'), 3_400, false);
    expect(view.title).toBe('Checking the target before anything is made');
    expect(view.elapsed).toBe('0:03');
    // Three topologies of 23 s of load each; how long their deployments take is not known yet.
    expect(view.remaining).toBe('about 1:09 left, and the deployments');
    expect(view.topologies.map((topology) => topology.state)).toEqual(['queued', 'queued', 'queued']);
  });

  it('says for how long GPUs are held, and what that costs', () => {
    const state = sampleState(record, 'loading');
    // Three topologies of 23 s of load and 45 s to deploy, on one GPU each.
    expect(liveView(state, 130_000, false).gpuTime).toBe('2 of about 3 GPU-minutes');
    const price = { perGpuHour: 6, currency: '$' };
    expect(liveView(state, 130_000, false, price).gpuTime).toBe('2 of about 3 GPU-minutes, 0.22 of 0.34 $');
    const local = sampleRecord({ plan: sampleLocalPlan() });
    expect(liveView(sampleState(local, 'loading'), 130_000, false, price).gpuTime).toBe('');
  });

  it('shows how far the upload is', () => {
    const [first] = liveView(sampleState(record, 'upload'), 0, false).topologies;
    expect(first?.upload).toEqual({ share: 171 / 268, text: '171 MB of 268 MB' });
  });

  it('waits for the pod that a model is to be uploaded to, and uploads nothing yet', () => {
    const state = sampleState(record, 'upload');
    const topologies = state.topologies.map((topology) => ({ ...topology, upload: null }));
    const view = liveView({ ...state, topologies }, 0, false);
    expect(view.title).toBe('Waiting for fastapi');
    expect(view.topologies[0]).toMatchObject({ text: 'waiting', upload: null });
  });

  it("says what is waited for in the cluster's own words", () => {
    const view = liveView(sampleState(record, 'waiting'), 0, false);
    expect(view.title).toBe('Waiting for triton');
    expect(view.waiting).toBe('0/3 nodes are available: 3 Insufficient nvidia.com/gpu.');
    expect(view.position).toBe('Topology 2 of 3');
    expect(view.topologies[0]).toMatchObject({ state: 'done', text: 'measured at 3 levels' });
    // Two of 23 s, and for each the 14.2 s that the first one took to be ready.
    expect(view.remaining).toBe('about 1:14 left');
  });

  it('says what all rows carry so far, which is no note of the table then, and of a single row is one', () => {
    const carried = 'the clock of the node was set';
    const noted = sampleRecord({
      change: (result) => ({
        ...result,
        phases: result.phases.map((phase) => ({ ...phase, validity: { ...phase.validity, caveats: [carried] } })),
      }),
    });
    const measured = measuredState(sampleState(noted, 'loading'));
    const rows = rowsOf(measured);
    expect(liveCaveats(measured)).toContain('The clock of the node was set.');
    expect(resultTable(rows).notes).not.toContain(carried);
    const first = {
      ...measured,
      topologies: measured.topologies.map((topology) => ({
        ...topology,
        phases: topology.key === 'triton' ? topology.phases : [],
      })),
    };
    expect(rowsOf(first)).toHaveLength(1);
    expect(liveCaveats(first)).toEqual([]);
    expect(resultTable(rowsOf(first)).notes).toContain(carried);
  });

  it('shows phase, running figures and what is left', () => {
    const state = sampleState(record, 'loading');
    const view = liveView(state, 0, false);
    expect(view.title).toBe('Measuring triton at 8 connections');
    expect(view.position).toBe('Topology 2 of 3, phase 5 of 7');
    expect(view.announcement).toBe('Measuring triton at 8 connections. Topology 2 of 3, phase 5 of 7.');
    expect(view.topologies[1]?.running).toBe('p50 8.92 ms, p95 12.4 ms, 886 RPS, 0 errors');
    // 2 s of this phase, 6 s after it, 23 s of hybrid and its deployment.
    expect(view.remaining).toBe('about 0:45 left');
    expect(rowsOf(measuredState(state)).map((row) => `${row.topology} ${row.phase}`)).toEqual([
      'fastapi c1',
      'fastapi c8',
      'fastapi c32',
      'triton c1',
    ]);
  });

  it('announces no numbers', () => {
    const state = sampleState(record, 'loading');
    const later = liveView(state, 600_000, false);
    expect(later.announcement).toBe(liveView(state, 0, false).announcement);
  });

  it('shows the whole record while it cleans up', () => {
    const state = sampleState(record, 'cleaning');
    const view = liveView(state, 0, false);
    expect(view.title).toBe('Measured; cleaning up');
    expect(view.remaining).toBe('');
    expect(rowsOf(measuredState(state))).toHaveLength(9);
  });

  it('says that it is being cancelled', () => {
    expect(liveView(sampleState(record, 'loading'), 0, true).title).toMatch(/^Cancelling/);
  });

  it('claims no GPU before it is known what computed', () => {
    const cpuAllowed = sampleRecord({ plan: samplePlan({ allowCpuProvider: true }) });
    const rows = rowsOf(measuredState(sampleState(cpuAllowed, 'loading')));
    expect(rows.map((row) => row.gpu)).toEqual(['unused', 'unused', 'unused', 'unknown']);
  });
});
