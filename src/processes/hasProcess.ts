/**
 * Whether this machine has a process of this id, whoever's and whenever it began.
 * @param pid above 0: others name groups of processes
 */
export function hasProcess(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // One of another user is there, though we may not signal it.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
