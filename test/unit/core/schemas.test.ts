import { describe, it } from 'vitest';
import { join } from 'node:path';
import { publishedSchemas } from '../../../src/core/schemas.ts';
import { expectGolden } from '../../support/golden.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'docs', 'schemas');

describe('published schemas', () => {
  it.each(Object.entries(publishedSchemas()))('%s is what the code checks', async (name, schema) => {
    await expectGolden(join(folder, name), `${JSON.stringify(schema, null, 2)}\n`);
  });
});
