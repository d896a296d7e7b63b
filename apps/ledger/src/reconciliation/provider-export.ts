import type { Figures } from '@switchyard/contracts';

/** One line of a provider's export: a model on one UTC day. Models are named as the provider names them. */
export interface BilledDay {
  readonly day: string;
  readonly model: string;
  readonly figures: Figures;
}

/** Figures of which nothing is known; each export fills in what it has. */
export const UNKNOWN_FIGURES: Figures = {
  requests: null,
  inputTokens: null,
  cacheReadTokens: null,
  cacheWriteTokens: null,
  cacheWrite1hTokens: null,
  outputTokens: null,
  costPicos: null,
};

/** An export cannot be read. The message says what is wrong with it, for whoever imports it. */
export class UnreadableExport extends Error {
  override readonly name = 'UnreadableExport';
}

/** One format that a provider exports usage or cost in. */
export interface ExportFormat {
  readonly name: string;
  /** Providers that use it, by our ids. */
  readonly providers: readonly string[];
  /** Whether a document looks like it: the JSON value, or the rows of a CSV file by the names in its first line. */
  matches(document: ExportDocument): boolean;
  /** @throws UnreadableExport */
  read(document: ExportDocument): BilledDay[];
}

export type CsvRow = Readonly<Record<string, string>>;
export type ExportDocument =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'csv'; readonly columns: readonly string[]; readonly rows: readonly CsvRow[] };

const sumOf = <T extends number | bigint>(a: T | null, b: T | null): T | null => {
  if (a === null) return b;
  return b === null ? a : (((a as number) + (b as number)) as T);
};

/** Adds figures; what only one of them knows counts alone. */
export const addFigures = (a: Figures, b: Figures): Figures => ({
  requests: sumOf(a.requests, b.requests),
  inputTokens: sumOf(a.inputTokens, b.inputTokens),
  cacheReadTokens: sumOf(a.cacheReadTokens, b.cacheReadTokens),
  cacheWriteTokens: sumOf(a.cacheWriteTokens, b.cacheWriteTokens),
  cacheWrite1hTokens: sumOf(a.cacheWrite1hTokens, b.cacheWrite1hTokens),
  outputTokens: sumOf(a.outputTokens, b.outputTokens),
  costPicos: sumOf(a.costPicos, b.costPicos),
});

/** Merges lines of the same day and model: exports split them by key, project, tier or kind of token. */
export function mergeDays(lines: readonly BilledDay[]): BilledDay[] {
  const merged = new Map<string, BilledDay>();
  for (const line of lines) {
    const key = `${line.day} ${line.model}`;
    const known = merged.get(key);
    merged.set(key, known ? { ...known, figures: addFigures(known.figures, line.figures) } : line);
  }
  return [...merged.values()];
}
