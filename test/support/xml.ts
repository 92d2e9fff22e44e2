import { execFile } from 'node:child_process';

export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly Element[];
}

const program = `
import json, sys, xml.etree.ElementTree as tree
def plain(element):
    return {"name": element.tag, "attributes": element.attrib, "text": element.text or "", "children": [plain(child) for child in element]}
print(json.dumps(plain(tree.fromstring(sys.stdin.buffer.read()))))
`;

/** By expat, which takes only what is well-formed. */
export async function parseXml(text: string): Promise<Element> {
  const parsed = await new Promise<string>((resolve, reject) => {
    const child = execFile('python3', ['-c', program], { maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`not well-formed: ${stderr}`));
    });
    child.stdin?.end(text);
  });
  return JSON.parse(parsed) as Element;
}
