import * as z from 'zod';
import { planFileSchema } from './planFile.ts';
import { runRecordSchema } from './record.ts';

/** The JSON schemas that are published in docs/schemas, by file name. */
export function publishedSchemas(): Readonly<Record<string, unknown>> {
  return {
    'run-record.v1.schema.json': z.toJSONSchema(runRecordSchema),
    'topology-bench.v1.schema.json': z.toJSONSchema(planFileSchema),
  };
}
