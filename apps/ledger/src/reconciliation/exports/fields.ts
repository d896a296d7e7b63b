import { z } from 'zod';
import { UnreadableExport, type CsvRow, type ExportDocument } from '../provider-export.js';

const PICOS_DIGITS = 12;

/** A page of a provider's reporting API, or several of them in an array. */
export function pagesOf<Page>(document: ExportDocument, page: z.ZodType<Page>): Page[] {
  if (document.kind !== 'json') throw new UnreadableExport('The export is not JSON.');
  const values = Array.isArray(document.value) ? document.value : [document.value];
  return values.map((value) => {
    const parsed = page.safeParse(value);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new UnreadableExport(`${issue?.path.join('.') || 'The export'}: ${issue?.message ?? 'not valid'}`);
  });
}

/** The first bucket of the first page, to tell formats apart. */
export function firstResult(document: ExportDocument): Record<string, unknown> | null {
  if (document.kind !== 'json') return null;
  const pages = Array.isArray(document.value) ? document.value : [document.value];
  for (const page of pages as { data?: { results?: Record<string, unknown>[] }[] }[])
    for (const bucket of page?.data ?? []) if (bucket?.results?.[0]) return bucket.results[0];
  return null;
}

export const utcDay = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString().slice(0, 10);

/** A whole number of a CSV cell; an empty cell is none. @throws UnreadableExport */
export function wholeNumber(row: CsvRow, column: string): number {
  const text = (row[column] ?? '').replaceAll(',', '').trim();
  if (text === '') return 0;
  if (!/^\d{1,15}(\.0+)?$/.test(text)) throw new UnreadableExport(`${column} is not a whole number.`);
  return Number.parseInt(text, 10);
}

/** A decimal amount of dollars (or of cents, with `shift` 2) in pico-USD, rounded to the nearest. @throws UnreadableExport */
export function picosOf(amount: string | number, shift = 0): bigint {
  const text = typeof amount === 'number' ? decimalText(amount) : amount.trim();
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,40}))?$/.exec(text);
  // A credit of the provider lowers what it bills; it is no usage, and the comparison is of usage.
  if (!match || match[1] === '-') throw new UnreadableExport('An amount is not a number of dollars from 0.');
  const places = PICOS_DIGITS - shift;
  const fraction = (match[3] ?? '').padEnd(places + 1, '0');
  const whole = BigInt(match[2] + fraction.slice(0, places));
  return fraction.charAt(places) >= '5' ? whole + 1n : whole;
}

const decimalText = (value: number): string => (String(value).includes('e') ? value.toFixed(20) : String(value));
