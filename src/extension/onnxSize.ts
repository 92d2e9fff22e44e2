import * as vscode from 'vscode';

/**
 * Bytes of the ONNX file that Triton would load by a config.pbtxt (in the version folder of the highest number), with the
 * weights that exporters put beside it; null when there is none.
 */
export async function onnxBytes(config: vscode.Uri, fileName: string): Promise<number | null> {
  const folder = vscode.Uri.joinPath(config, '..');
  try {
    const versions = (await vscode.workspace.fs.readDirectory(folder))
      .filter(([name, type]) => (type & vscode.FileType.Directory) !== 0 && /^[1-9][0-9]{0,8}$/.test(name))
      .map(([name]) => Number(name));
    if (versions.length === 0) return null;
    const file = vscode.Uri.joinPath(folder, String(Math.max(...versions)), fileName);
    const { size } = await vscode.workspace.fs.stat(file);
    const beside = await Promise.all(['_data', '.data'].map((ending) => sizeOrNothing(file, ending)));
    return beside.reduce((sum, more) => sum + more, size);
  } catch {
    // Not there, or not to be read: then nothing is said of it.
    return null;
  }
}

async function sizeOrNothing(file: vscode.Uri, ending: string): Promise<number> {
  try {
    return (await vscode.workspace.fs.stat(file.with({ path: file.path + ending }))).size;
  } catch {
    return 0;
  }
}
