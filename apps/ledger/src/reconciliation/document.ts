import { parse } from 'csv-parse/sync';
import { UnreadableExport, type CsvRow, type ExportDocument } from './provider-export.js';

/** Reads a file as JSON (one value, or an array of pages) or as CSV with names in its first line. @throws UnreadableExport */
export function readDocument(text: string): ExportDocument {
  const start = text.replace(/^\uFEFF/, '').trimStart();
  if (start === '') throw new UnreadableExport('The export is empty.');
  if (start.startsWith('{') || start.startsWith('[')) return { kind: 'json', value: jsonOf(start) };
  try {
    const rows = parse<CsvRow>(text, { columns: true, bom: true, skip_empty_lines: true, trim: true });
    return { kind: 'csv', columns: Object.keys(rows[0] ?? {}), rows };
  } catch (error) {
    throw new UnreadableExport(`The export is no CSV file: ${(error as Error).message.split('\n')[0]}`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnreadableExport('The export is not valid JSON.');
  }
}
