import * as vscode from 'vscode';
import { placeText, toBenchError, type BenchError, type Place } from '../../core/errors.ts';
import { nodeContexts } from '../contributions.ts';
import { settingThatMends, type Failures } from '../failures.ts';

/** Stands where something could not be read, and says why. */
export interface ProblemNode {
  readonly kind: 'problem';
  readonly id: string;
  readonly problem: BenchError;
}

export interface TreeText {
  readonly label: string;
  readonly description: string;
  readonly contextValue: string;
  readonly children: readonly TreeText[];
}

export interface AnyNode {
  readonly id: string;
}

/**
 * A tree whose nodes are known by id: a change redraws one node, and a failure is a node that says why, never an empty
 * list.
 */
export abstract class Tree<Node extends AnyNode>
  implements vscode.TreeDataProvider<Node | ProblemNode>, vscode.Disposable
{
  readonly #failures: Failures;
  readonly #known = new Map<string, Node | ProblemNode>();
  readonly #changed = new vscode.EventEmitter<Node | ProblemNode | (Node | ProblemNode)[] | undefined>();
  readonly onDidChangeTreeData = this.#changed.event;

  protected constructor(failures: Failures) {
    this.#failures = failures;
  }

  /** What the whole tree is about, in words that complete "Failed while ...". */
  protected abstract readonly reading: string;
  protected abstract read(parent: Node | undefined): Promise<readonly (Node | ProblemNode)[]>;
  protected abstract render(node: Node): vscode.TreeItem;

  /** Redraws one node, or everything; a node that is not shown costs nothing. */
  refresh(id?: string): void {
    const node = id === undefined ? undefined : this.#known.get(id);
    if (id === undefined || node !== undefined) this.#changed.fire(node);
  }

  /** Redraws those of the nodes that are there, and reads no list anew. */
  protected redraw(concerns: (node: Node) => boolean): void {
    const nodes = [...this.#known.values()].filter((node) => !isProblem(node) && concerns(node));
    if (nodes.length > 0) this.#changed.fire(nodes);
  }

  async getChildren(parent?: Node | ProblemNode): Promise<(Node | ProblemNode)[]> {
    const nodes = await this.#nodes(parent);
    if (parent === undefined) this.#known.clear();
    for (const node of nodes) this.#known.set(node.id, node);
    return nodes;
  }

  getTreeItem(node: Node | ProblemNode): vscode.TreeItem {
    const item = isProblem(node) ? renderProblem(node) : this.render(node);
    item.id = node.id;
    item.accessibilityInformation ??= { label: textOf(item) };
    return item;
  }

  /** Everything as text, as it would be painted: for tests. */
  async texts(parent?: Node | ProblemNode): Promise<TreeText[]> {
    const nodes = await this.#nodes(parent);
    return Promise.all(
      nodes.map(async (node) => {
        const { label, description, contextValue } = this.getTreeItem(node);
        return {
          label: partText(label),
          description: partText(description),
          contextValue: contextValue ?? '',
          children: await this.texts(node),
        };
      }),
    );
  }

  async #nodes(parent: Node | ProblemNode | undefined): Promise<(Node | ProblemNode)[]> {
    if (parent !== undefined && isProblem(parent)) return [];
    try {
      return [...(await this.read(parent))];
    } catch (error) {
      return [this.problem(error, parent?.id ?? 'root')];
    }
  }

  /** A node for a failure; the log gets it too. */
  protected problem(error: unknown, where: string): ProblemNode {
    this.#failures.note(error, this.reading);
    return { kind: 'problem', id: `problem:${where}`, problem: toBenchError(error, this.reading) };
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

/** Stands where a cluster has not answered yet. */
export function renderAsking(): vscode.TreeItem {
  const item = new vscode.TreeItem(vscode.l10n.t('The cluster is being asked…'));
  item.iconPath = new vscode.ThemeIcon('loading~spin');
  return item;
}

/** A row as it is read out. */
function textOf({ label, description }: vscode.TreeItem): string {
  return [label, description].filter((part) => typeof part === 'string').join(', ');
}

function partText(part: vscode.TreeItem['label'] | vscode.TreeItem['description']): string {
  if (typeof part === 'object') return part.label;
  return typeof part === 'string' ? part : '';
}

function isProblem(node: AnyNode): node is ProblemNode {
  return 'problem' in node;
}

function renderProblem({ problem }: ProblemNode): vscode.TreeItem {
  const { message, nextStep, reason, where } = problem;
  const item = new vscode.TreeItem(message);
  if (nextStep !== undefined) item.description = nextStep;
  item.iconPath = new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground'));
  item.tooltip = [message, ...(nextStep === undefined ? [] : [nextStep]), ...(where ? [placeText(where)] : [])].join(
    '\n',
  );
  item.contextValue = settingThatMends(reason) === undefined ? nodeContexts.problem : nodeContexts.problemOfSetting;
  if (where !== undefined) item.command = opening(where);
  return item;
}

/** The file that something is wrong with, at the place where it is. */
function opening({ file, line = 1, column = 1 }: Place): vscode.Command {
  const at = new vscode.Position(line - 1, column - 1);
  return {
    command: 'vscode.open',
    title: vscode.l10n.t('Open'),
    arguments: [
      vscode.Uri.file(file),
      { selection: new vscode.Range(at, at) } satisfies vscode.TextDocumentShowOptions,
    ],
  };
}
