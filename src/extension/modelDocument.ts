import * as vscode from 'vscode';
import { parseModel, settingsText, type ParsedConfig } from '../core/model.ts';
import type { ModelConfig } from '../core/record.ts';
import { sha256 } from '../hashes/sha256.ts';

/** A document as the parser reads it. */
export interface ModelDocument extends ParsedConfig {
  /** "" where it is no model config, so that nothing large is kept. */
  readonly text: string;
  /** As a record holds them; undefined where it is no model config. */
  hashes(): Pick<ModelConfig, 'sha256' | 'settingsSha256'> | undefined;
}

interface Entry {
  readonly version: number;
  /** Whether it is saved with a byte order mark, which its text does not have; another encoding is no other version. */
  readonly hasMark: boolean;
  readonly read: ModelDocument;
}

/** One version of each document that is open; VS Code lets go of the others, and so does this. */
const entries = new WeakMap<vscode.TextDocument, Entry>();

/** VS Code takes a file to be of UTF-16 by its mark. */
const encodingsWithMark = new Set(['utf8bom', 'utf16le', 'utf16be']);

/** Reads a document once for each of its versions, whoever asks: lens, diagnostics, quick fixes and commands. */
export function readDocument(document: vscode.TextDocument): ModelDocument {
  const { version } = document;
  const hasMark = encodingsWithMark.has(document.encoding);
  const known = entries.get(document);
  if (known?.version === version && known.hasMark === hasMark) return known.read;
  const read = readText(document.fileName, document.getText(), hasMark);
  entries.set(document, { version, hasMark, read });
  return read;
}

/** Hashes of a model config as it stands; undefined where it is none. */
export async function hashesOfFile(path: string): Promise<ReturnType<ModelDocument['hashes']>> {
  return (await readFile(path))?.hashes();
}

/** What a model config says as it stands; undefined where it is none. */
export async function modelOfFile(path: string): Promise<ModelDocument['model']> {
  return (await readFile(path))?.model;
}

/** As it stands: in an editor where it is open, saved or not, else on the disk. */
async function readFile(path: string): Promise<ModelDocument | undefined> {
  const open = vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'file' && uri.fsPath === path);
  if (open !== undefined) return readDocument(open);
  try {
    const bytes = await vscode.workspace.fs.readFile(vscode.Uri.file(path));
    return readText(path, new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
  } catch {
    // It went away, or may not be read: then nothing is known of it.
    return undefined;
  }
}

function readText(fileName: string, text: string, hasMark?: boolean): ModelDocument {
  const parsed = parseModel(fileName, text, hasMark);
  if (parsed.model === undefined) return { ...parsed, text: '', hashes: () => undefined };
  let hashes: Pick<ModelConfig, 'sha256' | 'settingsSha256'> | undefined;
  return {
    ...parsed,
    text,
    hashes: () => (hashes ??= { sha256: sha256(text), settingsSha256: sha256(settingsText(parsed, text)) }),
  };
}
