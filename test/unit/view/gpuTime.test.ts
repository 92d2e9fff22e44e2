import { describe, expect, it } from 'vitest';
import { gpuTimeAhead, gpuTimeSoFar } from '../../../src/core/view/gpuTime.ts';

const price = { perGpuHour: 2.5, currency: 'EUR' };
const run = { estimateSeconds: 25 * 60, gpus: 2, price: null };

describe('the time for which GPUs are held', () => {
  it('is said before the start, with the price where one is known', () => {
    expect(gpuTimeAhead(run)).toBe('about 50 GPU-minutes');
    expect(gpuTimeAhead({ ...run, price })).toBe('about 50 GPU-minutes (2.08 EUR at 2.50 EUR a GPU-hour)');
    expect(gpuTimeAhead({ ...run, estimateSeconds: 20, gpus: 1 })).toBe('about 1 GPU-minute');
  });

  it('is said as it grows, and beyond the estimate as what it has come to', () => {
    expect(gpuTimeSoFar(390_000, run)).toBe('13 of about 50 GPU-minutes');
    expect(gpuTimeSoFar(390_000, { ...run, price })).toBe('13 of about 50 GPU-minutes, 0.54 of 2.08 EUR');
    expect(gpuTimeSoFar(1_800_000, { ...run, price })).toBe('60 GPU-minutes, 2.50 EUR');
  });

  it('does not round a small price away', () => {
    expect(gpuTimeAhead({ estimateSeconds: 60, gpus: 1, price })).toBe(
      'about 1 GPU-minute (0.042 EUR at 2.50 EUR a GPU-hour)',
    );
  });

  it('is not said of a run without GPUs', () => {
    expect(gpuTimeAhead({ ...run, gpus: 0, price })).toBe('');
    expect(gpuTimeSoFar(60_000, { ...run, gpus: 0, price })).toBe('');
  });
});
