/** The records that drives of results begin with. */
import { laterRecord, slowedBy } from '../../support/changedRecord.ts';
import { failedResult, sampleRecord } from '../../support/sampleRecord.ts';

export const whole = sampleRecord();
/** Triton ran out of memory. */
export const broken = sampleRecord({
  record: { id: '20260101-080000-0b0b', status: 'failed' },
  change: (result) => (result.topology.name === 'triton' ? failedResult(result) : result),
});
/** A day later, with a slower Triton. */
export const slower = laterRecord({ topology: 'triton', change: slowedBy(1.3) });
/** Of another model. */
export const other = sampleRecord({
  plan: { ...whole.plan, model: { ...whole.plan.model, name: 'toxicity' } },
  record: { id: '20251225-080000-0c0c' },
});
