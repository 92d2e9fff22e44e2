/** What the file system says of a failure. */

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** @param code e.g. "ENOENT" */
export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
