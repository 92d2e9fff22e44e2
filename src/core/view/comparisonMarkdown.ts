import type { ComparisonCell, ComparisonView } from './comparisonView.ts';
import { formatTime } from './format.ts';
import { escapeMarkdown, markdownTable } from './markdown.ts';

/** Two runs beside each other as Markdown, for an issue or a chat: the answer in words, the table, and what differs besides. */
export function comparisonMarkdown(view: ComparisonView): string {
  const { before, after } = view.runs;
  const blocks = [
    `**${escapeMarkdown(view.headline)}**`,
    view.changed.map((aspect) => escapeMarkdown(`${aspect.title}: ${aspect.texts.join('; ')}`)).join('  \n'),
    [...view.worth, ...view.incomparable].map(escapeMarkdown).join(' '),
    [`Before: ${runText(before)}`, `After: ${runText(after)}`].map(escapeMarkdown).join('  \n'),
    view.groups.length === 0
      ? ''
      : markdownTable(
          ['Topology', ...view.columns.map(({ header }) => header)],
          view.groups.flatMap(({ topology, rows }) =>
            rows.map(({ level, cells }) => [topology, level, ...cells.map(cellText)]),
          ),
        ),
    view.notes.map((note, index) => `\\[${String(index + 1)}\\] ${escapeMarkdown(note)}`).join('  \n'),
    view.remarks.map(escapeMarkdown).join('  \n'),
    ...view.differences.map(({ title, texts }) =>
      [`What else differs (${title.toLowerCase()}):`, '', ...texts.map((text) => `- ${escapeMarkdown(text)}`)].join(
        '\n',
      ),
    ),
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

function runText({ id, startedAt, text }: ComparisonView['runs']['before']): string {
  return `run ${id}, ${formatTime(startedAt)}, ${text}`;
}

/** "12.1 → 9.80, 0.81x [0.74–0.88], better", "12.1 → 9.80, 0.81x, not valid [1]" */
function cellText({ before, after, ratio, interval, finding, doubt, reference }: ComparisonCell): string {
  const change = [ratio, interval].filter((part) => part !== null).join(' ');
  const figures = after === null ? before : `${before} → ${after}`;
  const parts = [figures, change, finding ?? '', doubt ?? ''].filter((part) => part !== '');
  return [parts.join(', '), reference].filter((part) => part !== '').join(' ');
}
