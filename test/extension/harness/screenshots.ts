import { join } from 'node:path';

/** Where drives put pictures of what they came by. */
export const screenshots = join(import.meta.dirname, '..', '..', '..', 'out', 'screenshots');
