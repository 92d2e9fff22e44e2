/**
 * What load through a port-forward is worth.
 * @param ofRuns whose load it was, where that must be said, e.g. "of both runs"
 */
export function smokeTestText(ofRuns?: string): string {
  return `Smoke test only: the load ${ofRuns === undefined ? '' : `${ofRuns} `}came through a port-forward.`;
}
