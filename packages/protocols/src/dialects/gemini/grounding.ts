import { recordOf, textOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';

/** Web citations as Google's grounding: each a source, and the stretch of text that it supports. Undefined without any. */
export function groundingOf(annotations: readonly Readonly<JsonRecord>[]): JsonRecord | undefined {
  const citations = annotations
    .map((annotation) => recordOf(annotation['url_citation']))
    .filter((citation) => textOf(citation['url']) !== undefined);
  if (citations.length === 0) return undefined;
  return {
    groundingChunks: citations.map(({ url, title }) => ({ web: { uri: url, title: title ?? '' } })),
    groundingSupports: citations.map((citation, index) => ({
      segment: { startIndex: citation['start_index'] ?? 0, endIndex: citation['end_index'] ?? 0 },
      groundingChunkIndices: [index],
    })),
  };
}
