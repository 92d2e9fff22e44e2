import { execFile } from 'node:child_process';

const program = `
import csv, io, json, sys
text = sys.stdin.buffer.read().decode("utf-8")
print(json.dumps(list(csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=sys.argv[1]))))
`;

/**
 * By Python's csv module in its strict mode.
 * @param delimiter what parts the cells for a spreadsheet that is set so
 */
export async function parseCsv(text: string, delimiter = ','): Promise<string[][]> {
  const parsed = await new Promise<string>((resolve, reject) => {
    const child = execFile('python3', ['-c', program, delimiter], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`not CSV: ${stderr}`));
    });
    child.stdin?.end(text);
  });
  return JSON.parse(parsed) as string[][];
}
