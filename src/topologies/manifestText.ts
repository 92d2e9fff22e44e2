import { stringify } from 'yaml';
import type { Manifest } from './objects.ts';

/** Objects as one YAML text with "---" between, as `kubectl apply -f` reads it. */
export function manifestText(objects: readonly Manifest[]): string {
  return objects.map((object) => `---\n${stringify(object, { lineWidth: 0, aliasDuplicateObjects: false })}`).join('');
}
