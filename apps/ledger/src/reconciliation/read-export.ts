import { readDocument } from './document.js';
import { anthropicCostJson, anthropicUsageCsv, anthropicUsageJson } from './exports/anthropic.js';
import { openaiCostsCsv, openaiCostsJson, openaiUsageCsv, openaiUsageJson } from './exports/openai.js';
import { mergeDays, UnreadableExport, type BilledDay, type ExportFormat } from './provider-export.js';

/** A new format is one more entry here. */
export const EXPORT_FORMATS: readonly ExportFormat[] = [
  openaiUsageJson,
  openaiUsageCsv,
  openaiCostsJson,
  openaiCostsCsv,
  anthropicUsageJson,
  anthropicUsageCsv,
  anthropicCostJson,
];

/** Recognises an export of a provider by its fields and reads it. @throws UnreadableExport */
export function readExport(provider: string, text: string): { readonly format: string; readonly days: BilledDay[] } {
  const document = readDocument(text);
  const formats = EXPORT_FORMATS.filter(({ providers }) => providers.includes(provider));
  if (formats.length === 0) {
    const known = new Set(EXPORT_FORMATS.flatMap(({ providers }) => providers));
    throw new UnreadableExport(`No export of ${provider} is known, only of ${[...known].join(', ')}.`);
  }
  const format = formats.find((candidate) => candidate.matches(document));
  if (!format)
    throw new UnreadableExport(`This is none of the known exports: ${formats.map(({ name }) => name).join(', ')}.`);
  const days = mergeDays(format.read(document));
  if (days.length === 0) throw new UnreadableExport('The export has no usage in it.');
  return { format: format.name, days };
}
