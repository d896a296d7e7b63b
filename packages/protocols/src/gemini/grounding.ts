import { Buffer } from 'node:buffer';
import { arrayOf, countOf, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

const MAX_ANNOTATIONS = 1024;

/**
 * Web sources of a grounded answer as `url_citation`. Gemini counts segments in bytes of UTF-8, clients in characters of the
 * text. A source that supports no segment is cited for the whole text.
 */
export function annotationsOf(grounding: JsonRecord, text: string): readonly JsonRecord[] {
  const sources = recordsOf(grounding['groundingChunks']).map((chunk) => recordOf(chunk['web']));
  const bytes = Buffer.from(text, 'utf8');
  const characterAt = (offset: number): number => bytes.subarray(0, offset).toString('utf8').length;
  const cited = new Set<number>();
  const annotations: JsonRecord[] = [];
  for (const support of recordsOf(grounding['groundingSupports'])) {
    const segment = recordOf(support['segment']);
    const start = characterAt(countOf(segment['startIndex']) ?? 0);
    const end = characterAt(countOf(segment['endIndex']) ?? bytes.length);
    for (const index of arrayOf(support['groundingChunkIndices'])) {
      const source = typeof index === 'number' ? sources[index] : undefined;
      if (!source || annotations.length >= MAX_ANNOTATIONS) continue;
      cited.add(index as number);
      pushCitation(annotations, source, start, end);
    }
  }
  for (const [index, source] of sources.entries())
    if (!cited.has(index) && annotations.length < MAX_ANNOTATIONS) pushCitation(annotations, source, 0, text.length);
  return annotations;
}

function pushCitation(annotations: JsonRecord[], source: JsonRecord, start: number, end: number): void {
  const url = textOf(source['uri']);
  if (!url) return;
  const citation = { url, title: textOf(source['title']) ?? '', start_index: start, end_index: end };
  annotations.push({ type: 'url_citation', url_citation: citation });
}

/** Searches that are billed: per query from Gemini 3 on, once per grounded answer before. */
export function searchesOf(grounding: JsonRecord | undefined, modelVersion: string): number {
  const queries = arrayOf(grounding?.['webSearchQueries']).length;
  return /gemini-[12]\./.test(modelVersion) ? Math.min(queries, 1) : queries;
}
