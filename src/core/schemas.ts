import * as z from 'zod';
import { planFileSchema } from './planFileSchema.ts';
import { runRecordSchema } from './record.ts';

/**
 * The JSON schemas that are published in docs/schemas, by file name. What a record of an earlier version lacks is not
 * required, so that these hold for every record that is read.
 */
export function publishedSchemas(): Readonly<Record<string, unknown>> {
  return {
    'run-record.v1.schema.json': z.toJSONSchema(runRecordSchema, { io: 'input' }),
    'topology-bench.v1.schema.json': z.toJSONSchema(planFileSchema),
  };
}
