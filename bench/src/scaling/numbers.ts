/** A figure as people read it: three digits that count, thousands apart. */
export function shown(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (value === 0) return '0';
  // Less than that is nothing on a page.
  if (Math.abs(value) < 0.0005) return '< 0.001';
  const rounded = Number(value.toPrecision(3));
  return Math.abs(rounded) >= 1_000 ? rounded.toLocaleString('en-US') : String(rounded);
}

export const percent = (share: number): string => `${shown(Number((share * 100).toPrecision(share < 1 ? 2 : 3)))} %`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

export function bytes(value: number): string {
  const step = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  return `${shown(value / 1_000 ** step)} ${UNITS[step]}`;
}

export const bitsPerSecond = (bytesPerSecond: number): string => {
  const bits = bytesPerSecond * 8;
  return bits >= 1e9 ? `${shown(bits / 1e9)} Gbit/s` : `${shown(bits / 1e6)} Mbit/s`;
};

export function duration(seconds: number): string {
  if (seconds < 120) return `${shown(seconds)} s`;
  if (seconds < 7_200) return `${shown(seconds / 60)} min`;
  if (seconds < 172_800) return `${shown(seconds / 3_600)} h`;
  return `${shown(seconds / 86_400)} days`;
}

/** A table in Markdown, as wide as its cells, so that the formatter leaves it alone. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}
