import { countOf, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/**
 * The sources of a citation that have an address, as `url_citation` of the range that they support. Documents and results of tools
 * that the caller sent himself have none, and our dialects have no form for them.
 * @param text the answer so far
 * @param textStart where the cited part of the content begins in it
 */
export function annotationsOf(citation: JsonRecord, text: string, textStart: number): readonly JsonRecord[] {
  const { start, end } = rangeOf(citation, text, textStart);
  return recordsOf(citation['sources']).flatMap((source) => {
    const document = { ...recordOf(source['tool_output']), ...recordOf(source['document']) };
    const url = textOf(document['url']);
    if (!url) return [];
    const content = textOf(document['snippet']);
    return [
      {
        type: 'url_citation',
        url_citation: {
          url,
          title: textOf(document['title']) ?? '',
          ...(content !== undefined && { content }),
          start_index: start,
          end_index: end,
        },
      },
    ];
  });
}

/** Positions count characters, which in other scripts are not ours. The citation repeats its text, so that they can be checked. */
function rangeOf(citation: JsonRecord, text: string, textStart: number): { start: number; end: number } {
  const start = textStart + (countOf(citation['start']) ?? 0);
  const end = Math.max(textStart + (countOf(citation['end']) ?? 0), start);
  const cited = textOf(citation['text']) ?? '';
  if (cited === '' || text.slice(start, end) === cited) return { start, end };
  const found = text.indexOf(cited, textStart);
  return found < 0 ? { start, end } : { start: found, end: found + cited.length };
}
