/**
 * What a model is called in plans and records: as its Triton config names it, else as its folder, in characters that every target
 * takes.
 * @param folders names of the folders that its config lies in, the innermost last
 * @returns "" where nothing is left of the name
 */
export function modelNameOf(configName: string | null, folders: readonly string[]): string {
  // Hugging Face keeps what it exports in a folder "onnx" of the model's own.
  const folder = folders.at(-1) === 'onnx' ? folders.at(-2) : folders.at(-1);
  return (configName ?? folder ?? '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 128);
}
