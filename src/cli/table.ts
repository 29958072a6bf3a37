const GAP = '  ';

/** Plain columns under their headings, as wide as their widest cell; what could not be told apart from layout is made visible. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return formatColumns([headings.map((heading) => heading.toUpperCase()), ...rows]);
}

/** One line for each name with its value beside it; several values stand under each other. */
export function formatFields(fields: readonly (readonly [name: string, value: string | readonly string[]])[]): string {
  const rows = fields.flatMap(([name, value]) => {
    const [first = '', ...more] = typeof value === 'string' ? [value] : value;
    return [[name, first], ...more.map((one) => ['', one])];
  });
  return formatColumns(rows);
}

/** The day of a moment, in UTC. */
export function formatDate(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

/** Any plain value as text: a list in several lines, a moment as its day. */
export function formatValue(value: unknown): string | readonly string[] {
  if (value instanceof Date) return formatDate(value);
  if (Array.isArray(value)) return value.map(String);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function formatColumns(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(makeVisible));
  const count = Math.max(0, ...cells.map((row) => row.length));
  const widths = Array.from({ length: count }, (_, column) =>
    Math.max(...cells.map((row) => measure(row[column] ?? ''))),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - measure(cell)))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** Columns that a text takes, by its characters as people count them. */
function measure(text: string): number {
  return [...new Intl.Segmenter('en').segment(text)].length;
}

/** Stored text must neither move the cursor nor begin a line. */
export function makeVisible(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, '\u{FFFD}');
}
