/**
 * Threads of ONNX Runtime in each of the processes or instances that share these cores: copies x threads is never more than
 * the cores, save that each copy has one.
 */
export function threadsPerCopy(cores: number, copies: number): number {
  return Math.max(1, Math.floor(cores / copies));
}
