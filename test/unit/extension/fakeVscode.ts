import { rm, stat, writeFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { vi } from 'vitest';
import { createWebviewPanel } from './fakePanel.ts';
import { createInputBox, createQuickPick, QuickInputButtons } from './fakeQuickInput.ts';

/**
 * As much of the API as the extension's own logic needs where no VS Code runs; what a user sees is tested in a real one
 * (test/extension). `vi.mock('vscode', async () => (await import('./fakeVscode.ts')).fakeVscode)` puts it in place.
 */

class EventEmitter<Value> {
  #listeners: ((value: Value) => void)[] = [];
  readonly event = (listener: (value: Value) => void): { dispose(): void } => {
    this.#listeners.push(listener);
    return {
      dispose: () => {
        this.#listeners = this.#listeners.filter((other) => other !== listener);
      },
    };
  };
  fire(value: Value): void {
    for (const listener of this.#listeners) listener(value);
  }
  dispose(): void {
    this.#listeners = [];
  }
}

class Uri {
  readonly scheme: string;
  readonly fsPath: string;
  constructor(scheme: string, path: string) {
    this.scheme = scheme;
    this.fsPath = path;
  }
  static file(path: string): Uri {
    return new Uri('file', path);
  }
  static parse(text: string): Uri {
    const { protocol, pathname } = new URL(text);
    return new Uri(protocol.slice(0, -1), pathname);
  }
  static joinPath({ scheme, fsPath }: Uri, ...parts: readonly string[]): Uri {
    return new Uri(scheme, posix.join(fsPath, ...parts));
  }
  get path(): string {
    return this.fsPath;
  }
  toString(): string {
    return `${this.scheme}://${this.fsPath}`;
  }
}

class TreeItem {
  readonly label: string;
  readonly collapsibleState: number;
  constructor(label: string, collapsibleState = 0) {
    this.label = label;
    this.collapsibleState = collapsibleState;
  }
}

class ThemeIcon {
  readonly id: string;
  constructor(id: string) {
    this.id = id;
  }
}

class FileSystemError extends Error {
  readonly code: string;
  constructor(code: string) {
    super(`${code}: the file system says so`);
    this.code = code;
  }
}

class ThemeColor extends ThemeIcon {}

/** As VS Code's own, text is escaped and Markdown is not. */
class MarkdownString {
  value = '';
  appendText(text: string): this {
    this.value += text.replaceAll(/[\\`*_{}[\]()#+\-!~]/gu, '\\$&').replaceAll('<', '&lt;');
    return this;
  }
  appendMarkdown(text: string): this {
    this.value += text;
    return this;
  }
}

/** What a settings file holds, by key below "topologyBench."; by folder, and '' for the window. */
export const settingsOf = new Map<string, Record<string, unknown>>();
/** The part of them that is the workspace's own. */
export const settingsOfWorkspace: Record<string, unknown> = {};
/** What the extension wrote to the settings; 1 is the user's, 2 the workspace's. */
export const written: { readonly key: string; readonly value: unknown; readonly target: number }[] = [];
export const configurationChanged = new EventEmitter<{ affectsConfiguration(section: string): boolean }>();
export const trustGranted = new EventEmitter<undefined>();

interface ContentProvider {
  provideTextDocumentContent(uri: Uri): Promise<string>;
}
/** Of documents that cannot be written, by their scheme. */
export const contentProviders = new Map<string, ContentProvider>();

interface SaveDialog {
  readonly title: string;
  readonly defaultUri: Uri;
  readonly filters: Readonly<Record<string, readonly string[]>>;
}

interface InputBox {
  readonly value: string;
  readonly prompt: string;
  readonly placeHolder?: string;
  readonly validateInput: (text: string) => string | undefined;
}

/** A dialog's answer is undefined, as if it had been dismissed, unless a test says otherwise. */
const dialog = () => vi.fn<(...parts: unknown[]) => Promise<string | undefined>>(async () => undefined);

export const fakeVscode = {
  EventEmitter,
  Uri,
  TreeItem,
  ThemeIcon,
  ThemeColor,
  FileSystemError,
  MarkdownString,
  TreeItemCollapsibleState: { None: 0, Collapsed: 1, Expanded: 2 },
  QuickInputButtons,
  Disposable: {
    from: (...parts: readonly { dispose(): void }[]) => ({
      dispose: () => {
        for (const part of parts) part.dispose();
      },
    }),
  },
  ConfigurationTarget: { Global: 1, Workspace: 2 },
  ViewColumn: { Active: -1, Beside: -2, One: 1, Two: 2 },
  ProgressLocation: { Notification: 15 },
  l10n: {
    t: (text: string, ...values: readonly unknown[]): string =>
      text.replace(/\{(\d+)\}/gu, (_all, index: string) => String(values[Number(index)])),
  },
  env: {
    language: 'en',
    uiKind: 1,
    remoteName: undefined as string | undefined,
    clipboard: { writeText: vi.fn<(text: string) => Promise<void>>(async () => undefined) },
    openExternal: vi.fn<(uri: Uri) => Promise<boolean>>(async () => true),
  },
  UIKind: { Desktop: 1, Web: 2 },
  window: {
    showErrorMessage: dialog(),
    showWarningMessage: dialog(),
    showInformationMessage: dialog(),
    activeTextEditor: undefined as unknown,
    visibleTextEditors: [] as readonly object[],
    createWebviewPanel,
    registerWebviewPanelSerializer: () => ({ dispose: () => undefined }),
    createQuickPick,
    createInputBox,
    showQuickPick: vi.fn<(items: unknown) => Promise<unknown>>(async () => undefined),
    showInputBox: vi.fn<(options: InputBox) => Promise<string | undefined>>(async () => undefined),
    showOpenDialog: vi.fn<(options: { readonly defaultUri: Uri }) => Promise<readonly Uri[] | undefined>>(
      async () => undefined,
    ),
    showSaveDialog: vi.fn<(options: SaveDialog) => Promise<Uri | undefined>>(async () => undefined),
    setStatusBarMessage: vi.fn(),
    showTextDocument: vi.fn<(document: unknown, options?: unknown) => Promise<unknown>>(async (document) => document),
    withProgress: vi.fn(async (_options: unknown, work: (progress: unknown, token: unknown) => Promise<unknown>) =>
      work(
        { report: () => undefined },
        { isCancellationRequested: false, onCancellationRequested: () => ({ dispose: () => undefined }) },
      ),
    ),
  },
  commands: { executeCommand: vi.fn<(...parts: unknown[]) => Promise<undefined>>(async () => undefined) },
  workspace: {
    isTrusted: true,
    workspaceFolders: undefined as readonly { readonly uri: Uri; readonly name?: string }[] | undefined,
    onDidGrantWorkspaceTrust: trustGranted.event,
    onDidChangeConfiguration: configurationChanged.event,
    // Of the disk itself.
    fs: {
      stat: async ({ fsPath }: Uri) => stat(fsPath),
      writeFile: async ({ fsPath }: Uri, bytes: Uint8Array) => writeFile(fsPath, bytes),
      /** To a trash that nobody looks into. */
      delete: vi.fn<(uri: Uri, options: { readonly useTrash: boolean }) => Promise<void>>(async ({ fsPath }) => {
        await stat(fsPath).catch(() => {
          throw new FileSystemError('FileNotFound');
        });
        await rm(fsPath);
      }),
    },
    registerTextDocumentContentProvider: (scheme: string, provider: ContentProvider) => {
      contentProviders.set(scheme, provider);
      return { dispose: () => contentProviders.delete(scheme) };
    },
    openTextDocument: vi.fn(async (what: unknown) => ({ what })),
    getConfiguration: (_section: string, scope: Uri | null) => {
      const folder = fakeVscode.workspace.workspaceFolders?.find(({ uri }) => scope?.fsPath.startsWith(uri.fsPath));
      const settings = { ...settingsOf.get(''), ...settingsOf.get(folder?.uri.fsPath ?? '') };
      return {
        get: (key: string): unknown => (key in settings ? settings[key] : defaults()[key]),
        inspect: (key: string): { workspaceValue?: unknown } => ({ workspaceValue: settingsOfWorkspace[key] }),
        update: async (key: string, value: unknown, target: number): Promise<void> => {
          written.push({ key, value, target });
        },
      };
    },
  },
};

/** What package.json contributes; VS Code gives it where no file sets a value. */
let defaults = (): Readonly<Record<string, unknown>> => ({});
export function useDefaults(values: Readonly<Record<string, unknown>>): void {
  defaults = () => values;
}
