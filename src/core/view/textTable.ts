export interface TextColumn {
  readonly header: string;
  readonly align: 'start' | 'end';
}

/** Columns padded to their widest cell, a blank line between groups; no trailing spaces. */
export function alignedText(
  columns: readonly TextColumn[],
  groups: readonly (readonly (readonly string[])[])[],
): string {
  const widths = columns.map((column, index) =>
    Math.max(column.header.length, ...groups.flat().map((cells) => (cells[index] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) =>
        columns[index]?.align === 'end' ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd();
  const head = [line(columns.map((column) => column.header)), line(widths.map((width) => '-'.repeat(width)))];
  return [head.join('\n'), groups.map((rows) => rows.map(line).join('\n')).join('\n\n')].join('\n');
}
